"""Concepts made even: what cells expect stays, what rows of a cell expect follows what they show."""

from __future__ import annotations

import json
import pathlib
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.packaged_configs import CONFIGS
from tests.transforms.instruct.mixing.small_mix import SmallMix, small_mix
from tests.transforms.packing.small_documents import turn
from transforms.balancing.measures import normalised_entropy
from transforms.conversations.document import Image, Message, Text
from transforms.datasets import ShardName
from transforms.images.hashing import content_hash
from transforms.instruct.chain.outcome import Fact
from transforms.instruct.mixing.about import Cell, PartRows
from transforms.instruct.mixing.concept_settings import ConceptTarget
from transforms.instruct.mixing.even_concepts import (
    BARE,
    ConceptWeights,
    Plan,
    Shown,
    added,
    counts_of,
    evenness,
    parted,
    weighed,
)
from transforms.instruct.mixing.outcome import shares_path
from transforms.instruct.mixing.settings import AxisTarget, MixSettings
from transforms.instruct.mixing.tally import MixTally
from transforms.instruct.rows import Medium, Row
from transforms.miniature.questions import named_picture

CELLS = (Cell("a", "en", "s"), Cell("b", "zh", "s"))
SHARES = {"en": 0.7, "zh": 0.3}
SIZE = 120


@given(
    weights=st.lists(st.integers(-300, 300), min_size=1, max_size=12, unique=True),
    rows=st.lists(st.integers(1, 500), min_size=13, max_size=13),
    each=st.floats(0.001, 2.999),
    most=st.integers(1, 3),
)
def test_a_cell_expects_what_it_did(weights: list[int], rows: list[int], each: float, most: int) -> None:
    each = min(each, most)
    cells = [CELLS[0]._replace(weight=weight) for weight in [BARE, *weights]]
    tally = MixTally({(cell, 0): (count, count) for cell, count in zip(cells, rows, strict=False)})
    found = parted(Plan({CELLS[0]: each}, 1), tally, most)
    total = sum(found[cell] * count for cell, count in zip(cells, rows, strict=False))
    assert total == pytest.approx(each * sum(rows[: len(cells)]), rel=1e-6)
    assert found[cells[0]] == each, "a row without a concept expects what any does"
    by_weight = [found[CELLS[0]._replace(weight=weight)] for weight in sorted(weights)]
    assert by_weight == sorted(by_weight) and by_weight[-1] <= most + 1e-9


def test_cells_are_parted_by_what_concepts_weigh() -> None:
    ids = np.array([[0, 1], [1, -1], [-1, -1], [0, 1], [1, 0]], np.int32)
    part = PartRows(
        pa.array(list("abcde")), CELLS, np.array([0, 0, 0, 1, -1]), *(np.zeros(5, kind) for kind in (int, np.uint64)),
        *(np.zeros(5, bool) for _ in range(2)), ids,
    )  # fmt: skip
    found = weighed(part, ConceptWeights(np.array([2048, 4096, 0])))
    told = [found.cells[at] if at >= 0 else None for at in found.cell]
    assert told == [
        Cell("a", "en", "s", 24),
        Cell("a", "en", "s", 16),
        Cell("a", "en", "s", BARE),
        Cell("b", "zh", "s", 24),
        None,
    ]
    assert weighed(part, None) is part


def test_counts_of_concepts() -> None:
    ids = np.array([[0, 3], [3, -1], [-1, -1]], np.int32)
    assert counts_of(ids).tolist() == [1, 0, 0, 2]
    assert counts_of(ids, np.array([2, 1, 5])).tolist() == [2, 0, 0, 3]
    assert counts_of(ids[2:]).tolist() == []
    assert added(np.array([1]), np.array([1, 2])).tolist() == [2, 2]
    told = evenness(Shown(np.array([4, 0, 4]), np.array([4])), np.array([1]))
    assert told == {
        "concepts": 2,
        "concepts_drawn": 1,
        "normalised_entropy_before": 1.0,
        "normalised_entropy_drawn": 0.0,
    }


def _rows() -> tuple[dict[ShardName, list[Row]], dict[str, Fact], dict[str, str]]:
    """Pictures of one thing each, as common as in corpora; and what each shows."""
    rows: dict[ShardName, list[Row]] = {}
    facts: dict[str, Fact] = {}
    shown: dict[str, str] = {}
    for index in range(360):
        name = ShardName("s", f"p{index % 3}")
        key = f"s/p{index % 3}/{index:04d}"
        data, shown[key] = named_picture(7, index)
        medium = Medium("image", data=data, content_hash=content_hash(data), width=112, height=112)
        asked = Message("user", (Image(0), Text("What is it?")))
        rows.setdefault(name, []).append(Row(key, "s", (asked, turn("assistant", shown[key])), media=(medium,)))
        facts[key] = Fact(key, category=f"c{index % 2}", language="zh" if index % 5 == 0 else "en")
    return rows, facts, shown


def _drawn(run: SmallMix, concepts: ConceptTarget | None) -> list[str]:
    for name in run.parts:
        pathlib.Path(run.folder.selection(*name).path).unlink(missing_ok=True)
    selection = run.mix(MixSettings(size=SIZE, language=AxisTarget(shares=SHARES), max_copies=2, concepts=concepts))
    assert pc.sum(selection["copies"]).as_py() == SIZE
    pairs = zip(selection["key"].to_pylist(), selection["copies"].to_pylist(), strict=True)
    return [key for key, copies in pairs for _ in range(copies)]


@pytest.mark.slow
def test_what_pictures_show_becomes_even_and_shares_stay(tmp_path: pathlib.Path) -> None:
    """Judged by what was drawn, of which the encoder sees the pictures alone."""
    rows, facts, shown = _rows()
    run = small_mix(tmp_path, rows, facts)
    target = ConceptTarget.model_validate(
        {
            "word_list": f"{CONFIGS}/vocabulary/mini.yaml",
            "encoder": {"model": f"{CONFIGS}/encoder/tiny", "precision": "fp32"},
            "per_row": 2,
            "min_similarity": 0.2,
        }
    )
    entropies = []
    for concepts in (None, target):
        keys = _drawn(run, concepts)
        told = json.loads(shares_path(run.folder).read_text())
        assert told["axes"]["language"]["zh"]["copies_drawn"] == round(SIZE * SHARES["zh"])
        counts = Counter(shown[key] for key in keys)
        entropies.append(normalised_entropy(np.array([counts[name] for name in sorted(set(shown.values()))])))
    assert entropies[1] > entropies[0] + 0.05, entropies
    assert told["concepts"]["normalised_entropy_drawn"] > told["concepts"]["normalised_entropy_before"]
    again = _drawn(run, target)
    assert again == keys, "the same rows, from concepts that were told before"
    favoured = Counter(shown.values()).most_common(1)[0][0]
    more = _drawn(run, target.model_copy(update={"target": {favoured: 20.0}}))
    assert sum(shown[key] == favoured for key in more) > sum(shown[key] == favoured for key in keys)
