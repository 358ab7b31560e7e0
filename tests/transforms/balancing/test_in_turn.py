from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.transforms.balancing.corpus import random_ids, write_corpus
from transforms.balancing import passes
from transforms.balancing.in_turn import add_up, decide
from transforms.balancing.methods import METHODS
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings, EvenSettings


@pytest.mark.parametrize("method", ["uniform", "even"])
def test_passes_are_timed_one_by_one_and_decide_exactly(tmp_path: pathlib.Path, method: str) -> None:
    settings = BalanceSettings.model_validate({"method": method, "size": 50, "even": EvenSettings(floor=1)})
    folder, names = write_corpus(tmp_path, random_ids(300, 20, 3, 0), 3, 20)
    labels = []

    def timed(label: str, work: Callable[[], Any]) -> Any:
        labels.append(label)
        return work()

    reader = ShardReader(folder, settings)
    tally, weighting, expectation, cut = decide(reader, names, 20, timed)
    fitted = ["sample", "fit", *["expect", "correct"] * settings.even.max_corrections]
    first = fitted if METHODS[settings.method].corrected else ["fit"]
    assert labels == ["count", *first, "weigh", "solve", "rank", "find the cut", "look again"]
    assert tally.rows == 300 and type(weighting) is METHODS[settings.method]
    chosen = [passes.choose(name, reader, weighting, expectation, cut, ("key",)) for name in names]
    assert sum(len(part.table) for part in chosen) == 50
    assert add_up(np.zeros(2), [np.ones(2), np.ones(2)]).tolist() == [2, 2]
