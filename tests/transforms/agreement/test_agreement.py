"""Agreement of what is retrieved with what captions name, worked by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from concept_vocab.matching.forms import SurfaceForm
from concept_vocab.matching.matcher import CaptionMatcher
from tests.transforms.synthetic_annotations import list_column
from transforms.agreement.findings import by_frequency, by_type, findings, skewness
from transforms.agreement.of_run import spoken
from transforms.agreement.tally import Agreement
from transforms.captions.assigning import Assigner
from transforms.captions.settings import AssignSettings

NAMES, TYPES = ["dog", "cat", "red", "sky"], ["entity", "entity", "attribute", None]
MATCHER = CaptionMatcher(SurfaceForm(number, name, False) for number, name in enumerate(NAMES))


def _table(captions: list[str | None], ids: list[list[int]], scores: list[list[float]]) -> pa.Table:
    columns = {
        "concept_ids": list_column(np.array(ids, np.int32)),
        "concept_scores": list_column(np.array(scores, np.float16)),
    }
    return pa.table({"caption": pa.array(captions, pa.string()), **columns})


TABLE = _table(
    ["a dog", "a red dog and a cat", "nothing known", None, "the sky"],
    [[0, 2], [0, 3], [3, -1], [1, 2], [3, 1]],
    [[0.5, 0.25], [0.75, 0.5], [0.125, -1], [0.5, 0.5], [0.25, -0.5]],
)


def test_what_was_retrieved_is_held_beside_what_captions_name() -> None:
    found = Agreement.of(TABLE, MATCHER, 4, 0.0)
    assert (found.rows, found.captioned, found.unnamed) == (5, 4, 1)
    assert found.of_image.tolist() == [2, 1, 1, 3]  # the image without a caption says nothing
    assert found.of_caption.tolist() == [2, 1, 1, 1]
    assert found.of_both.tolist() == [2, 0, 0, 1]
    assert found.expected().tolist() == [1.0, 0.25, 0.25, 0.75]
    assert [found.below(least) for least in (0.0, 0.2, 0.25, 0.5, 0.51, 1.0)] == [0, 1, 1, 2, 3, 4]
    assert found.best_quantile(0.5) == pytest.approx(0.25, abs=1e-3)


def test_what_lies_below_the_threshold_was_not_retrieved_and_still_was_the_best() -> None:
    found = Agreement.of(TABLE, MATCHER, 4, 0.3)
    assert found.of_image.tolist() == [2, 0, 0, 1]
    assert found.below(0.3) == 2


def test_of_rows_that_captions_gave_concepts_to_only_cosines_are_of_the_image() -> None:
    cosines = list_column(np.array([[-1, 0.25], [0.75, 0.5], [0.125, -1], [0.5, 0.5], [0.25, -0.5]], np.float16))
    found = Agreement.of(TABLE.append_column("concept_cosines", cosines), MATCHER, 4, 0.0)
    assert found.of_image.tolist() == [1, 1, 1, 3]
    assert found.of_both.tolist() == [1, 0, 0, 1]


def test_of_concepts_of_one_meaning_either_name_agrees() -> None:
    """An image gets one of a group; where the caption names another, they say the same."""
    groups = np.array([0, 0, 2, 2])  # a dog is a cat, and the sky is red
    found = Agreement.of(TABLE, MATCHER, 4, 0.0, groups)
    assert found.of_image.tolist() == [3, 0, 4, 0]
    assert found.of_caption.tolist() == [2, 0, 2, 0]  # a dog and a cat are named together once
    assert found.of_both.tolist() == [2, 0, 2, 0]
    assert (found.captioned, found.unnamed) == (4, 1)
    rows = by_type(found, ["entity", "entity", "scene", "scene"])
    assert [(row.name, row.concepts, row.found) for row in rows] == [("entity", 1, 1), ("scene", 1, 1), ("all", 2, 1)]
    assert [(row.name, row.concepts) for row in by_frequency(found)] == [("1–9", 2)]
    assert findings(found, NAMES, TYPES, 0.0, most=5).skewness_of_caption == 0


def test_parts_add_up() -> None:
    total = Agreement.zero(4)
    for part in (TABLE.slice(0, 2), TABLE.slice(2)):
        total += Agreement.of(part, MATCHER, 4, 0.0)
    whole = Agreement.of(TABLE, MATCHER, 4, 0.0)
    for name, value in vars(whole).items():
        np.testing.assert_array_equal(getattr(total, name), value)


def test_groups_by_type_and_by_how_many_captions_name_a_concept() -> None:
    found = Agreement.of(TABLE, MATCHER, 4, 0.0)
    entity, attribute, none, every = by_type(found, TYPES)
    assert (entity.name, entity.concepts, entity.of_image, entity.of_caption, entity.of_both) == ("entity", 2, 3, 3, 2)
    assert (entity.found, entity.named, entity.lift) == (2 / 3, 2 / 3, 1.6)
    assert (attribute.found, none.name, none.found) == (0, "none", 1)
    assert (every.name, every.of_both) == ("all", 3)
    found.of_caption[:] = [0, 9, 10, 123]
    assert [(row.name, row.concepts) for row in by_frequency(found)] == [
        ("0", 1),
        ("1–9", 1),
        ("10–99", 1),
        ("100–999", 1),
    ]


def test_a_hub_is_retrieved_far_oftener_than_it_is_named() -> None:
    found = Agreement.zero(4)
    found.captioned, found.rows = 1000, 1000
    found.of_image[:], found.of_caption[:] = [500, 300, 200, 19], [400, 300, 9, 0]
    told = findings(found, NAMES, TYPES, 0.0, most=5)
    scale = 1019 / 709
    assert [(hub.name, hub.of_image, hub.of_caption) for hub in told.worst_hubs] == [("red", 200, 9)]
    assert told.worst_hubs[0].factor == pytest.approx(201 / (9 * scale + 1))
    assert (told.hubs, told.hub_share, told.unnamed_hubs) == (1, 200 / 1019, 0)
    found.of_caption[2] = 0
    assert findings(found, NAMES, TYPES, 0.0, most=5).unnamed_hubs == 1
    assert told.values()["by_type"][0]["found"] == 0


def test_skewness_by_hand() -> None:
    assert skewness(np.array([5, 5, 5])) == 0
    # mean 1, deviations -1, -1, -1, 3: third moment (27 - 3)/4 = 6, variance 12/4 = 3
    assert skewness(np.array([0, 0, 0, 4])) == pytest.approx(6 / 3**1.5)


def test_what_annotations_say_of_both_needs_no_matcher() -> None:
    settings = AssignSettings(by="both", concepts_per_caption=3, matching="all")
    for groups in (None, np.array([0, 1, 2, 2])):
        _same_from_annotations(settings, groups)


def _same_from_annotations(settings: AssignSettings, groups: NDArray[np.int64] | None) -> None:
    ids, scores = (np.array(TABLE[name].to_pylist()) for name in ("concept_ids", "concept_scores"))
    retrieved = ids.astype(np.int32), np.where(ids < 0, -1, scores).astype(np.float16)
    columns = Assigner(settings, MATCHER, groups=groups).assigned("web", TABLE["caption"].combine_chunks(), *retrieved)
    table = pa.table({"caption": TABLE["caption"], **{name: list_column(one) for name, one in columns.items()}})
    for least in (0.0, 0.3):
        found, matched = Agreement.of_assigned(table, 4, least, groups), Agreement.of(TABLE, MATCHER, 4, least, groups)
        for name, value in vars(matched).items():
            np.testing.assert_array_equal(getattr(found, name), value)


def test_a_caption_in_a_language_without_concepts_says_nothing() -> None:
    langs = pa.array(["en", "zh", "und", "en", None])
    found = spoken(TABLE.append_column("lang", langs), pa.chunked_array([["en", "en", "fr"]]))
    assert found["caption"].to_pylist() == ["a dog", None, "nothing known", None, "the sky"]
    assert Agreement.of(found, MATCHER, 4, 0.0).captioned == 3
