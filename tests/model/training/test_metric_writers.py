"""The file of metrics: what an earlier run wrote beyond is dropped, and what cannot be read or written is an error."""

from __future__ import annotations

import pathlib
import resource

import pytest

from model.errors import TrainingError
from model.training.metric_writers import JsonLines, open_writers
from model.training.settings import TrainSettings
from tests.model.tiny_runs import lines_of, settings_of

# TensorBoard writes in a thread of its own, whose error it hands over with the next line.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def test_lines_beyond_the_checkpoint_are_dropped(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "loss": 3.0}\n{"step": 2, "loss": 2.0}\n{"step": 3, "lo')
    JsonLines(str(path), done_steps=1).write(2, {"loss": 2.5})
    assert lines_of(tmp_path) == [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.5}]


@pytest.mark.parametrize("content", [b"not JSON\n", b'{"loss": 1.0}\n', b"[1]\n", b"\xff\n", b'{"step": null}\n'])
def test_a_file_of_something_else_is_left_alone(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"metrics\.jsonl cannot be gone on with"):
        JsonLines(str(path), done_steps=1)
    assert path.read_bytes() == content


@pytest.mark.parametrize("tensorboard", [False, True])
def test_a_full_disk_is_told(tmp_path: pathlib.Path, tensorboard: bool) -> None:
    """The system's limit on the size of files stands for the disk."""
    if tensorboard:
        pytest.importorskip("tensorboard")
    metrics = {"every_steps": 1, "tensorboard": tensorboard}
    values = settings_of({"model": "m", "packs": "p"}, tmp_path, metrics=metrics)
    writers = open_writers(TrainSettings.model_validate(values), 0)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
        with pytest.raises(TrainingError, match=r"cannot write metrics to .*File too large.*goes on from the last"):
            for step in range(1, 4):
                writers[-1].write(step, {"loss": 1.0})
            writers[-1].close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_an_output_that_is_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "out").write_text("")
    values = settings_of({"model": "m", "packs": "p"}, tmp_path / "out")
    with pytest.raises(TrainingError, match="cannot write metrics to"):
        open_writers(TrainSettings.model_validate(values), 0)


@pytest.mark.usefixtures("wandb")
def test_weights_and_biases_without_an_account(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where a log-in is kept
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    values = settings_of({"model": "m", "packs": "p"}, tmp_path, metrics={"every_steps": 1, "wandb_project": "p"})
    with pytest.raises(TrainingError, match=r"Weights & Biases cannot be written to: .*set WANDB_MODE=offline"):
        open_writers(TrainSettings.model_validate(values), 0)
