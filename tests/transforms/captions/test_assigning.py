"""Concepts of image and caption in one list, worked by hand and by sets."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concept_vocab.matching.forms import SurfaceForm
from concept_vocab.matching.matcher import CaptionMatcher
from concept_vocab.matching.metaclip import MetaclipMatcher
from transforms.captions.assigning import Assigner
from transforms.captions.settings import AssignSettings

NAMES = ["dog", "red", "red panda", "panda", "sky"]
MATCHER = CaptionMatcher(SurfaceForm(number, name, False) for number, name in enumerate(NAMES))
CAPTIONS = pa.array(["a Red panda", "dog", None])
IDS = np.array([[2, 4], [4, 3], [0, -1]], np.int32)
SCORES = np.array([[0.5, 0.25], [0.5, -0.125], [0.25, -1]], np.float16)


def _columns(matcher: CaptionMatcher | MetaclipMatcher = MATCHER, **settings: object) -> list[list[list[float]]]:
    found = Assigner(AssignSettings(**settings), matcher).assigned("web", CAPTIONS, IDS, SCORES)
    assert list(found) == ["concept_ids", "concept_scores", "concept_cosines"]
    assert [one.dtype for one in found.values()] == [np.int32, np.float16, np.float16]
    return [one.tolist() for one in found.values()]


def test_both_by_hand() -> None:
    ids, scores, cosines = _columns(by="both", concepts_per_caption=2)
    assert ids == [[2, 4, -1, -1], [0, 4, 3, -1], [0, -1, -1, -1]]
    assert scores == [[1, 0.25, -1, -1], [1, 0.5, -0.125, -1], [0.25, -1, -1, -1]]
    assert cosines == [[0.5, 0.25, -1, -1], [-1, 0.5, -0.125, -1], [0.25, -1, -1, -1]]


def test_captions_alone_take_no_room_for_images() -> None:
    ids, scores, cosines = _columns(by="caption", concepts_per_caption=2, matching="all")
    assert ids == [[2, 1], [0, -1], [-1, -1]]  # the third that is named finds no room
    assert scores == [[1, 1], [1, -1], [-1, -1]]
    assert cosines == [[-1, -1]] * 3


def test_by_source() -> None:
    ids, scores, _ = _columns(by="both", sources={"web": "image"}, concepts_per_caption=1)
    assert ids == [[2, 4, -1], [4, 3, -1], [0, -1, -1]]
    assert scores[0] == [0.5, 0.25, -1]
    ids, *_ = _columns(by="image", sources={"web": "caption"}, concepts_per_caption=1)
    assert ids == [[2, -1, -1], [0, -1, -1], [-1, -1, -1]]


def test_as_metaclip_matches() -> None:
    ids, *_ = _columns(MetaclipMatcher(NAMES), by="caption", matching="metaclip", concepts_per_caption=3)
    assert ids == [[3, -1, -1], [0, -1, -1], [-1, -1, -1]]


def test_what_the_encoder_knows_no_word_of_is_named_by_captions_alone() -> None:
    silent = np.array([True, False, False, False, True])
    settings = AssignSettings(by="both", concepts_per_caption=1)
    found = Assigner(settings, MATCHER, silent).assigned("web", CAPTIONS, IDS, SCORES)
    assert found["concept_ids"].tolist() == [[2, -1, -1], [0, 3, -1], [-1, -1, -1]]


def test_of_one_meaning_a_row_has_one() -> None:
    """Panda and red panda mean the same here; so do dog and sky."""
    groups = np.array([0, 1, 2, 2, 0])
    captions = pa.array(["a Red panda, a panda", "sky, red, dog", "nothing"])
    settings = AssignSettings(by="both", matching="all", concepts_per_caption=2)
    found = Assigner(settings, MATCHER, groups=groups).assigned("web", captions, IDS, SCORES)
    assert found["concept_ids"].tolist() == [[2, 1, 4, -1], [4, 1, 3, -1], [0, -1, -1, -1]]
    assert found["concept_cosines"].tolist() == [[0.5, -1, 0.25, -1], [0.5, -1, -0.125, -1], [0.25, -1, -1, -1]]
    dog_first = pa.array(["dog", "a panda", None])
    found = Assigner(settings, MATCHER, groups=groups).assigned("web", dog_first, IDS, SCORES)
    assert found["concept_ids"].tolist() == [[0, 2, -1, -1], [3, 4, -1, -1], [0, -1, -1, -1]]
    assert found["concept_cosines"][0].tolist() == [0.25, 0.5, -1, -1], "how near sky is, which means the same"


@pytest.mark.parametrize(
    ("settings", "width"),
    [({}, 10), ({"by": "caption"}, 16), ({"by": "both"}, 26), ({"sources": {"a": "caption"}}, 26)],
)
def test_places_of_a_row(settings: dict[str, object], width: int) -> None:
    assert AssignSettings(**settings).width(10) == width


@given(st.lists(st.lists(st.sampled_from(NAMES), max_size=6), min_size=1, max_size=4), st.integers(0, 2**32))
def test_it_is_the_union(named: list[list[str]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.array([rng.permutation(np.array([0, 1, 2, 3, 4, -1, -1]))[:3] for _ in named], np.int32)
    scores = np.where(ids >= 0, rng.random(ids.shape), -1).astype(np.float16)
    captions = pa.array([", ".join(words) for words in named])
    found = Assigner(AssignSettings(by="both", matching="all"), MATCHER).assigned("web", captions, ids, scores)
    of_captions = [set(one) for one in MATCHER.match(captions).to_pylist()]
    for row, concepts in enumerate(found["concept_ids"].tolist()):
        there = [one for one in concepts if one >= 0]
        assert len(there) == len(set(there))
        assert set(there) == of_captions[row] | (set(ids[row].tolist()) - {-1})
        kept = dict(zip(concepts, found["concept_scores"][row].tolist(), strict=True))
        assert {one for one, score in kept.items() if score == 1} >= of_captions[row]
        cosines = dict(zip(concepts, found["concept_cosines"][row].tolist(), strict=True))
        assert all(
            cosines[one] == score
            for one, score in zip(ids[row].tolist(), scores[row].tolist(), strict=True)
            if one >= 0
        )
