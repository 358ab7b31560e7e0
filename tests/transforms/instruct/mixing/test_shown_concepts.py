"""Which concepts a row shows: of one meaning one, of one image as of several."""

from __future__ import annotations

import pathlib

import pytest

from pipelines.packaged_configs import CONFIGS
from tests.transforms.packing.small_documents import turn
from tests.transforms.vocabularies.grouped_vocabulary import grouped
from transforms.images.hashing import content_hash
from transforms.instruct.mixing.concept_settings import ConceptTarget
from transforms.instruct.mixing.shown_concepts import ConceptFinder
from transforms.instruct.rows import Medium, Row
from transforms.miniature.questions import named_picture

CONCEPTS, MEANINGS, IMAGES = 33, 11, 6


def _medium(index: int) -> Medium:
    data, _ = named_picture(3, index)
    return Medium("image", data=data, content_hash=content_hash(data), width=112, height=112)


def _shown(vocabulary: pathlib.Path, rows: list[Row], per_row: int) -> list[list[int]]:
    encoder = {"model": f"{CONFIGS}/encoder/tiny", "precision": "fp32"}
    target = ConceptTarget.model_validate({"word_list": str(vocabulary), "encoder": encoder, "per_row": per_row})
    found: list[list[int]] = ConceptFinder(target).of_rows(rows).tolist()
    return found


@pytest.mark.slow
def test_a_row_shows_one_concept_of_a_meaning(tmp_path: pathlib.Path) -> None:
    groups = [number % MEANINGS for number in range(CONCEPTS)]
    media = [_medium(index) for index in range(IMAGES)]
    said = (turn("user", "What is it?"), turn("assistant", "This."))
    rows = [Row(f"s/{index}", "s", said, media=(one,)) for index, one in enumerate(media)]
    rows.append(Row("s/all", "s", said, media=tuple(media)))
    ranked = _shown(grouped(tmp_path / "alone", list(range(CONCEPTS))), rows, CONCEPTS)
    found = _shown(grouped(tmp_path / "together", groups), rows, MEANINGS)
    for every, some in zip(ranked, found, strict=True):
        assert sorted(every) == list(range(CONCEPTS))
        assert some == [
            one for at, one in enumerate(every) if groups[one] not in [groups[other] for other in every[:at]]
        ]
    fewer = _shown(tmp_path / "together", rows, 4)
    assert fewer == [row[:4] for row in found]
