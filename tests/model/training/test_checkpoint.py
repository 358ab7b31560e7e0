"""Checkpoints at rest: what is damaged is found before it is read, set aside, and the one before is gone on from."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from model.errors import TrainingError
from model.training.checkpoint import CheckpointStore, _reason, tensors_of
from model.training.parallel import Processes, processes


@pytest.fixture
def group() -> Iterator[Processes]:
    with processes() as one:
        yield one


@pytest.fixture
def saved(tmp_path: pathlib.Path, group: Processes) -> pathlib.Path:
    """A folder of two checkpoints."""
    store = CheckpointStore(str(tmp_path), 2, group)
    for step in (1, 2):
        store.save(step, {"weight": torch.full((1000,), float(step))}, {"place": step}, {"step": step})
    store.wait()
    return tmp_path


def flip(path: pathlib.Path) -> None:
    """One bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


FILES = ("__0_0.distcp", "rank-00000.pt", "training.json", ".metadata", "sums.json", "sums-00000.json")


def no_check(path: str, common: dict[str, Any]) -> None:
    """Nothing is refused."""


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("harm", [flip, truncate, pathlib.Path.unlink], ids=["flipped", "truncated", "missing"])
def test_a_damaged_checkpoint_is_set_aside(
    saved: pathlib.Path, group: Processes, file: str, harm: Callable[[pathlib.Path], None]
) -> None:
    harm(saved / "step-00000002" / file)
    store = CheckpointStore(str(saved), 2, group)
    assert store.newest_sound(no_check) == (str(saved / "step-00000001"), {"step": 1})
    (note,) = store.notes
    assert "step-00000002 is damaged" in note and file in note and note.endswith("step-00000002.damaged")
    found = {"weight": torch.zeros(1000)}
    assert store.load(str(saved / "step-00000001"), found) == {"place": 1}
    assert torch.equal(found["weight"], torch.full((1000,), 1.0))
    assert sorted(path.name for path in saved.iterdir()) == ["step-00000001", "step-00000002.damaged"]


def test_one_that_cannot_be_set_aside_is_told(
    saved: pathlib.Path, group: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(saved / "step-00000002" / FILES[0])
    store = CheckpointStore(str(saved), 2, group)

    def refuse(*_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(TrainingError, match=r"step-00000002 is damaged and cannot be set aside: .*Permission denied"):
        store.newest_sound(no_check)


def test_all_damaged_is_an_error(saved: pathlib.Path, group: Processes) -> None:
    for step in (1, 2):
        flip(saved / f"step-0000000{step}" / FILES[0])
    message = r"every checkpoint in .* is damaged: step-00000002 \(__0_0.*; step-00000001 \(__0_0.*Bring one back"
    for _ in range(2):  # the same command does not begin from nothing
        with pytest.raises(TrainingError, match=message):
            CheckpointStore(str(saved), 2, group).newest_sound(no_check)


def test_what_was_asked_for_wrongly_is_no_damage(saved: pathlib.Path, group: Processes) -> None:
    """Another number of processes, say: going back would not mend that."""

    def refuse(path: str, common: dict[str, Any]) -> None:
        raise TrainingError(f"{pathlib.Path(path).name} of step {common['step']}")

    with pytest.raises(TrainingError, match="step-00000002 of step 2"):
        CheckpointStore(str(saved), 2, group).newest_sound(refuse)
    assert CheckpointStore(str(saved), 2, group).latest() == str(saved / "step-00000002")


def test_weights_and_moments_are_named_and_begin_as_zeros() -> None:
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    names = {f"{kind}.{name}" for kind in ("weight", "step", "exp_avg", "exp_avg_sq") for name in ("weight", "bias")}
    before = tensors_of(model, optimizer)
    assert before.keys() == names
    assert all(not value.any() for name, value in before.items() if not name.startswith("weight."))
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    after = tensors_of(model, optimizer)
    assert after.keys() == names and after["step.bias"] == 1
    assert torch.equal(after["weight.weight"], model.weight) and after["exp_avg.weight"].all()


def test_what_is_written_by_now_is_finished_when_asked(tmp_path: pathlib.Path, group: Processes) -> None:
    store = CheckpointStore(str(tmp_path), 2, group)
    store.poll()
    store.save(1, {"weight": torch.zeros(10)}, {}, {})
    assert store._writing is not None
    concurrent.futures.wait([store._writing[1]])
    assert store.latest() is None
    store.poll()
    assert store.latest() == str(tmp_path / "step-00000001")
    store.poll()


def test_what_the_system_said_is_told(tmp_path: pathlib.Path, group: Processes) -> None:
    """Below what torch makes of it."""
    store = CheckpointStore(str(tmp_path), 2, group)
    (tmp_path / "step-00000001.partial").write_text("no folder")
    with pytest.raises(
        TrainingError, match=r"step-00000001: \[Errno 17\] File exists: .*there is no checkpoint before"
    ):
        store.save(1, {"weight": torch.zeros(10)}, {}, {})
    assert _reason(RuntimeError("long\nstory, short end")) == "story, short end"
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = OSError(28, "No space left on device")
    assert _reason(wrapped) == "[Errno 28] No space left on device"


def test_another_models_checkpoint(saved: pathlib.Path, group: Processes) -> None:
    store = CheckpointStore(str(saved), 2, group)
    with pytest.raises(TrainingError, match=r"cannot be loaded into this model \(.*Begin from the model"):
        store.load(str(saved / "step-00000002"), {"weight": torch.zeros(7)})
