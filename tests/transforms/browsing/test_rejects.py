"""Every row that is not in the output stands once in what was left out."""

from __future__ import annotations

import pathlib
from collections import Counter

import pyarrow as pa
import pytest

from tests.transforms.balancing.corpus import random_ids, write_corpus
from tests.transforms.balancing.passes import run_passes
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.browsing.rejects import left_out_of, read_left_out, stage_of_reason
from transforms.datasets import ShardName
from transforms.errors import InputError
from transforms.rejects import Counts
from transforms.run_folder import RunState
from transforms.stages import BALANCE, DEDUPLICATE


def test_each_row_that_is_not_in_the_output_has_its_stage_and_reason(state: RunState) -> None:
    rows = pa.concat_tables(read_left_out(state)).to_pylist()
    assert [(row["stage"], row["source"], row["key"], row["reason"], row["detail"]) for row in rows] == [
        ("annotate", "web", "e", "too_small", "40 x 30"),
        ("annotate", "web", "gone", "missing_image", "no file"),
        ("deduplicate", "web", "d", "exact_duplicate", "of web/000000/a"),
        ("balance", "web", "a", "not_selected", None),
    ]
    [of_balance] = read_left_out(state, [BALANCE])
    assert of_balance["shard"].to_pylist() == ["000000"]


def test_of_one_shard(state: RunState) -> None:
    keys = [table["key"].to_pylist() for table in left_out_of(state, ShardName("web", "000000"))]
    assert keys == [["e", "gone"], ["d"], ["a"]]
    assert [len(table) for table in left_out_of(state, ShardName("zh", "000000"))] == [0]


def test_a_reason_is_that_of_the_stage_that_gave_it(state: RunState) -> None:
    assert stage_of_reason(state, "exact_duplicate") is DEDUPLICATE
    assert stage_of_reason(state, "not_selected") is BALANCE
    with pytest.raises(InputError, match=r"as 'blurred'\. Its reasons are: exact_duplicate, missing_image, not_"):
        stage_of_reason(state, "blurred")


@pytest.mark.slow
@pytest.mark.parametrize("copies", [1, 2])
def test_what_balance_left_out_adds_up_to_what_it_counted(tmp_path: pathlib.Path, copies: int) -> None:
    """Strata by language, of which one is not named."""
    langs = ["en", "zh", "fr"]
    strata = {"by": "lang", "sizes": {"en": 50, "zh": 30}}
    settings = BalanceSettings.model_validate({"size": 80, "strata": strata, "max_copies": copies})
    ids = random_ids(600, 50, 4, 0)
    folder, names = write_corpus(tmp_path, ids, 5, 50, [langs[row % 3] for row in range(600)], set(range(0, 600, 5)))
    counted = run_passes(ShardReader(folder, settings), names, 50).counts
    config = {"balance": settings.model_dump(mode="json"), "sources": [], "files_per_shard": 1000}
    state = RunState.open(folder, config, {})
    state.finish("annotate", Counts(600, 600))
    state.finish("deduplicate", Counts(600, 480, {"exact_duplicate": 120}))
    state.finish("balance", counted)
    rows = pa.concat_tables(read_left_out(state))
    reasons = Counter(rows["reason"].to_pylist())
    assert reasons == {"exact_duplicate": 120, **counted.rejects}
    assert len(set(rows["key"].to_pylist())) == len(rows)
