"""What run.json keeps of a GPU's time, and what is said of it."""

from __future__ import annotations

import json
import pathlib
from dataclasses import asdict

import pytest

from pipelines.annotate import _of_idleness, _take_encoder_figures
from transforms.annotating.beam import encoder_times
from transforms.annotating.busy_time import Times
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


@pytest.mark.parametrize(
    ("times", "idle_share", "said"),
    [
        (Times("cuda", 3.0, 4.0), 0.25, "idle 25% of the time"),
        (Times("cuda", 9.5, 10.0), 0.05, "idle 5% of the time"),
        (Times("cpu", 1.0, 10.0), None, None),
    ],
)
def test_of_a_gpu(tmp_path: pathlib.Path, times: Times, idle_share: float | None, said: str | None) -> None:
    folder = RunFolder(StoragePath.of(tmp_path), "f")
    encoder_times(folder).write_text(json.dumps(asdict(times)))
    figures = _take_encoder_figures(folder)
    assert not encoder_times(folder).exists()
    hint = _of_idleness(figures)
    if idle_share is None:
        assert figures == {} and hint is None
    else:
        assert figures["encoder"]["idle_share"] == pytest.approx(idle_share) and said in str(hint)


def test_nothing_was_encoded(tmp_path: pathlib.Path) -> None:
    assert _take_encoder_figures(RunFolder(StoragePath.of(tmp_path), "f")) == {}
