"""A table in, a selection out: the same as that of a run over the same rows."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.transforms.balancing.corpus import random_ids, write_corpus
from tests.transforms.balancing.passes import run_passes
from transforms.balancing.in_memory import balance_table
from transforms.balancing.methods import METHODS
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings, EvenSettings, Method
from transforms.datasets import read_table
from transforms.errors import EvenweaveError, InputError
from transforms.keyed import sample_ids
from transforms.remaining import read_remaining
from transforms.stages import BALANCE

IDS = random_ids(600, 50, 4, 0)
LANGS = ["en" if row % 3 else "zh" for row in range(600)]


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("strata", [None, {"by": "lang", "sizes": {"en": 70, "zh": 30}}])
def test_it_chooses_what_a_run_chooses(tmp_path: pathlib.Path, method: Method, strata: dict[str, Any] | None) -> None:
    """Duplicates left out, with rows in shards of two sources, and repeated images."""
    values = {"method": method, "size": 100, "strata": strata, "max_copies": 2, "even": EvenSettings(floor=2)}
    settings = BalanceSettings.model_validate(values)
    folder, names = write_corpus(tmp_path, IDS, 5, 50, LANGS, duplicates=set(range(0, 600, 5)))
    run_passes(ShardReader(folder, settings), names, 50)
    chosen = [read_table(folder.selection(*name), folder.fingerprint) for name in names]
    expected = {row["key"]: row for table in chosen for row in table.to_pylist()}

    columns = ["key", "sample_id", "concept_ids", "lang"]
    annotations = pa.concat_tables([read_remaining(folder, name, BALANCE, columns) for name in names])
    selection = balance_table(annotations, settings)
    assert sum(selection["copies"].to_pylist()) == 100
    assert selection["row"].to_pylist() == sorted(selection["row"].to_pylist())
    for row in selection.to_pylist():
        assert annotations["key"][row["row"]].as_py() == row["key"]
        of_run = expected.pop(row["key"])
        assert (row["copies"], row["inclusion_probability"]) == (of_run["copies"], of_run["inclusion_probability"])
    assert not expected


def table(**columns: Any) -> pa.Table:
    return pa.table({"key": [f"k{row}" for row in range(len(IDS))], "concept_ids": list(map(list, IDS)), **columns})


def test_lists_of_any_length_and_keys_alone_will_do() -> None:
    """As a table made by hand has them: -1 left out, nulls for images without concepts."""
    settings = BalanceSettings(method="inverse_frequency", size=60)
    whole = balance_table(table(sample_id=sample_ids("", "", [f"k{row}" for row in range(len(IDS))])), settings)
    ragged = [[int(concept) for concept in row if concept >= 0] or None for row in IDS]
    by_hand = balance_table(table().set_column(1, "concept_ids", pa.array(ragged)), settings)
    assert by_hand.select(["key", "copies"]) == whole.select(["key", "copies"])
    assert by_hand.column_names == ["key", "row", "copies", "inclusion_probability"]


def test_each_source_gives_its_size() -> None:
    sources = ["a" if row % 4 else "b" for row in range(len(IDS))]
    settings = BalanceSettings.model_validate({"size": 50, "strata": {"by": "source", "sizes": {"a": 20, "b": 30}}})
    chosen = balance_table(table(source=sources), settings)["source"].to_pylist()
    assert (chosen.count("a"), chosen.count("b")) == (20, 30)


def test_concepts_below_the_least_similarity_do_not_count() -> None:
    """With scores that leave every image its first concept alone."""
    scores = np.where(np.arange(IDS.shape[1]) == 0, 0.9, 0.1) * np.ones(IDS.shape)
    settings = BalanceSettings(method="inverse_frequency", size=60)
    first = balance_table(table().set_column(1, "concept_ids", pa.array(list(map(list, IDS[:, :1])))), settings)
    scored = table(concept_scores=list(map(list, scores)))
    assert balance_table(scored, settings.model_copy(update={"min_similarity": 0.5}))["key"] == first["key"]
    assert balance_table(scored, settings)["key"] != first["key"]


@pytest.mark.parametrize(
    ("columns", "values", "says"),
    [
        ({"key": ["a", "b"]}, {}, "lack the column 'concept_ids'"),
        ({"concept_ids": [[0], [1]]}, {}, "lack the column 'key'"),
        ({"concept_ids": [[0], [1]], "key": ["a", None]}, {}, "rows without a key"),
        ({"concept_ids": [[0], [1]], "key": ["a", "a"]}, {}, "rows of one identity twice"),
        ({"concept_ids": [0, 1], "key": ["a", "b"]}, {}, "hold int64 in 'concept_ids', in place of lists of int32"),
        ({"concept_ids": [["dog"], []], "key": ["a", "b"]}, {}, r"hold list<.*string> in 'concept_ids', in place"),
        ({"concept_ids": [[0], [-2]], "key": ["a", "b"]}, {}, "hold the concept -2: ids count from 0"),
        ({"concept_ids": [[0], [1]], "key": ["a", "b"]}, {"min_similarity": 0.1}, "lack the column 'concept_scores'"),
        (
            {"concept_ids": [[0], [1]], "key": ["a", "b"]},
            {"strata": {"by": "lang", "sizes": {"en": 1}}},
            "lack the column 'lang'",
        ),
        (
            {"concept_ids": [[0], [1]], "key": ["a", "b"], "source": ["x", None]},
            {"strata": {"by": "source", "sizes": {"x": 1}}},
            "rows without a source",
        ),
    ],
)
def test_a_table_that_cannot_serve_is_told_so(columns: dict[str, Any], values: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        balance_table(pa.table(columns), BalanceSettings.model_validate({"size": 1, **values}))


def test_more_than_there_is_cannot_be_chosen() -> None:
    with pytest.raises(EvenweaveError, match="asks for 601 images of the corpus, which holds 600"):
        balance_table(table(), BalanceSettings(size=601))
