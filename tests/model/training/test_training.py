"""Training itself: equal to itself however it is stopped, divided or accumulated; and what it survives."""

from __future__ import annotations

import os
import pathlib
import re
import resource
import shutil
import signal
import socket
from typing import Any

import pytest
import torch
import yaml

from model.errors import TrainingError
from model.training.checkpoint import CheckpointStore
from model.training.flops import FlopCounter
from model.training.loss_module import MicroBatch
from model.training.parallel import build_mesh, processes
from model.training.settings import ParallelSettings
from model.training.trainer import Trainer
from tests.model.tiny_runs import (
    lines_of,
    settings_of,
    start_python,
    start_training,
    train,
    weights_of,
    write_model,
)
from transforms.errors import InputError
from transforms.packing.documents.tiny_tokenizer import tiny_tokenizer

Start = dict[str, str]

#: Runs first in a training process of its own: it is killed when it has made its 17th step.
_KILL = """
import multiprocessing
import os
from model.training.trainer import Trainer
class Killed(Trainer):
    def _train_step(self, *arguments):
        super()._train_step(*arguments)
        if self.step == 17:
            os.kill(os.getpid(), 9)
import model.train
model.train.Trainer = Killed
"""


@pytest.fixture(scope="module")
def whole(start: Start, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The output of a run of 20 steps that nothing disturbed."""
    output = tmp_path_factory.mktemp("whole")
    train(settings_of(start, output, steps=20))
    return output


@pytest.mark.slow
def test_the_loss_falls(whole: pathlib.Path) -> None:
    losses = [line["loss"] for line in lines_of(whole)]
    assert len(losses) == 20 and losses[-1] < losses[0] - 0.5


def assert_equal_runs(one: pathlib.Path, other: pathlib.Path) -> None:
    """To the bit: every step's loss and gradient, and the weights in the end."""
    names = ("step", "loss", "gradient_norm")
    assert [[line[name] for name in names] for line in lines_of(one)] == [
        [line[name] for name in names] for line in lines_of(other)
    ]
    expected, found = weights_of(one), weights_of(other)
    assert expected.keys() == found.keys() and all(torch.equal(expected[name], found[name]) for name in expected)


def checkpoints_of(output: pathlib.Path) -> list[str]:
    return sorted(path.name for path in (output / "checkpoints").iterdir())


@pytest.mark.slow
def test_killed_and_gone_on_is_never_killed(start: Start, whole: pathlib.Path, tmp_path: pathlib.Path) -> None:
    values = settings_of(start, tmp_path / "out", steps=20, checkpoint__every_steps=10)
    killed = start_training(values, tmp_path / "run.yaml", _KILL)
    text, _ = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, text
    assert checkpoints_of(tmp_path / "out") == ["step-00000010"] and not (tmp_path / "out" / "model").exists()
    train(values)
    assert_equal_runs(whole, tmp_path / "out")


class _Terminated(Trainer):
    """Is asked to end after its seventh step."""

    def _train_step(self, *arguments: Any) -> None:
        super()._train_step(*arguments)
        if self.step == 7:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.slow
def test_asked_to_end_it_saves_and_goes_on(start: Start, whole: pathlib.Path, tmp_path: pathlib.Path) -> None:
    values = settings_of(start, tmp_path, steps=20)
    handler = signal.getsignal(signal.SIGTERM)
    stopped = train(values, _Terminated)
    assert stopped.step == 8, "all processes learn of it in the step after"
    assert checkpoints_of(tmp_path) == ["step-00000008"] and not (tmp_path / "model").exists()
    assert signal.getsignal(signal.SIGTERM) == handler
    train(values)
    assert_equal_runs(whole, tmp_path)


#: What two processes do, started once, since each imports torch: they train sharded, lose the second one's own state of
#: the newest checkpoint, go on, and train replicated. Of torchrun's store is one run; the others' is the first one's.
_BY_TWO = """
import os
import pathlib
import shutil
import sys
from model.train import main
sharded, replicated, folder, *ports = sys.argv[1:]
def again(config):
    os.environ |= {"TORCHELASTIC_USE_AGENT_STORE": "False", "MASTER_PORT": ports.pop()}
    assert main([config]) == 0
assert main([sharded]) == 0
if os.environ["RANK"] == "0":  # the second one waits for its store
    (pathlib.Path(folder) / "checkpoints" / "step-00000004" / "rank-00001.pt").write_bytes(b"")
    shutil.copytree(pathlib.Path(folder) / "model", pathlib.Path(folder) / "undamaged" / "model")
    shutil.rmtree(pathlib.Path(folder) / "model")
    shutil.copy(pathlib.Path(folder) / "metrics.jsonl", pathlib.Path(folder) / "undamaged")
    print("DAMAGED", flush=True)
again(sharded)
if os.environ["RANK"] == "0":
    print("REPLICATED", flush=True)
again(replicated)
"""


@pytest.mark.slow
def test_two_processes_are_one(start: Start, tmp_path: pathlib.Path) -> None:
    """Two sharding the model (FSDP) or holding it twice (HSDP), with activation checkpointing, and one without; where
    the second one's own state alone is damaged, both go back to the checkpoint before."""
    train(settings_of(start, tmp_path / "one", batch__packs=4))
    for name, replicas in (("sharded", 1), ("replicated", 2)):
        parallel = {"compute_dtype": "float32", "activation_checkpointing": True, "replicas": replicas}
        values = settings_of(start, tmp_path / name, batch__packs=4, parallel=parallel, checkpoint__every_steps=2)
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(values))
    arguments = [str(tmp_path / name) for name in ("sharded.yaml", "replicated.yaml", "sharded")]
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(free.getsockname()[1]) for free in (one, other)]
    running = start_python(tmp_path / "by_two.py", _BY_TWO, *arguments, *ports, world_size=2)
    text, _ = running.communicate(timeout=300)
    assert running.returncode == 0, text
    gone_on = text.partition("DAMAGED")[2].partition("REPLICATED")[0]
    assert "step-00000004 is damaged (rank-00001.pt is not as it was written" in gone_on
    assert "going on after step 2" in gone_on and "trained 4 steps" in gone_on
    for name in ("sharded/undamaged", "sharded", "replicated"):
        assert_nearly_equal_runs(tmp_path / "one", tmp_path / name)


def assert_nearly_equal_runs(one: pathlib.Path, other: pathlib.Path) -> None:
    """Where sums are of another order."""
    for first, second in zip(lines_of(one), lines_of(other), strict=True):
        assert first["loss"] == pytest.approx(second["loss"], rel=1e-5)
        assert first["gradient_norm"] == pytest.approx(second["gradient_norm"], rel=1e-4)
    expected, found = weights_of(one), weights_of(other)
    for name, weight in expected.items():
        # Adam divides by the gradient's size, so rounding of small gradients is seen: a hundredth of a step
        torch.testing.assert_close(found[name], weight, atol=1e-5, rtol=1e-5, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.slow
def test_accumulation_is_one_big_batch(start: Start, tmp_path: pathlib.Path) -> None:
    train(settings_of(start, tmp_path / "big", batch__packs=4, batch__packs_per_micro_batch=4))
    train(settings_of(start, tmp_path / "small", batch__packs=4))
    for big, small in zip(lines_of(tmp_path / "big"), lines_of(tmp_path / "small"), strict=True):
        assert big["loss"] == pytest.approx(small["loss"], rel=1e-5)
        assert big["gradient_norm"] == pytest.approx(small["gradient_norm"], rel=1e-4)


@pytest.mark.slow
def test_half_precision_follows_full(start: Start, whole: pathlib.Path, tmp_path: pathlib.Path) -> None:
    trainer = train(settings_of(start, tmp_path, steps=20, parallel__compute_dtype="bfloat16"))
    assert {parameter.dtype for parameter in trainer.root.parameters()} == {torch.float32}
    assert lines_of(tmp_path)[-1]["loss"] == pytest.approx(lines_of(whole)[-1]["loss"], rel=0.05)
    assert {weight.dtype for weight in weights_of(tmp_path).values()} == {torch.bfloat16}


@pytest.mark.slow
def test_workers_of_the_loader_go_on_exactly(start: Start, tmp_path: pathlib.Path) -> None:
    """Workers read ahead of training; what they had read and it had not used is read again."""
    values = settings_of(start, tmp_path, steps=6, data__workers=2, checkpoint__every_steps=3)
    train(values)
    expected = weights_of(tmp_path)
    shutil.rmtree(tmp_path / "model")
    shutil.rmtree(tmp_path / "checkpoints" / "step-00000006")
    train(values)
    found = weights_of(tmp_path)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.slow
@pytest.mark.endurance
def test_compiled_blocks_compute_the_same(start: Start, whole: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for checkpointing in (False, True):
        parallel = {
            "compute_dtype": "float32",
            "compile_blocks": True,
            "activation_checkpointing": checkpointing,
        }
        output = tmp_path / f"{checkpointing}"
        train(settings_of(start, output, steps=20, parallel=parallel))
        for plain, compiled in zip(lines_of(whole), lines_of(output), strict=True):
            assert plain["loss"] == pytest.approx(compiled["loss"], rel=1e-5)
            assert plain["gradient_norm"] == pytest.approx(compiled["gradient_norm"], rel=1e-4)


class _Poisoned(Trainer):
    """Meets a picture of infinite values in the third step."""

    def _batches(self) -> Any:
        for number, part in enumerate(super()._batches()):
            if number == 4:
                part.inputs["pixel_values"].fill_(float("inf"))
            yield part


@pytest.mark.slow
def test_nan_is_left_out_and_survived(start: Start, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(settings_of(start, tmp_path, steps=6), _Poisoned)
    assert "step 3 left out: loss nan" in capsys.readouterr().out
    lines = lines_of(tmp_path)
    assert [line["steps_left_out"] for line in lines] == [0, 0, 1, 1, 1, 1] and lines[2]["loss"] is None
    assert lines[2]["gradient_norm"] is None, "JSON has no NaN"
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert all(bool(weight.isfinite().all()) for weight in weights_of(tmp_path).values())


class _Spiky(Trainer):
    """Meets scrambled answers from the ninth step on."""

    def _batches(self) -> Any:
        for number, part in enumerate(super()._batches()):
            wrong = (part.targets * 7 + 13) % 500 if number >= 16 else part.targets
            yield MicroBatch(part.inputs, part.places, wrong)


@pytest.mark.slow
def test_spikes_are_left_out_and_too_many_end_the_run(start: Start, tmp_path: pathlib.Path) -> None:
    rates = {"vision": 5e-3, "merger": 5e-3, "language": 5e-3}
    safety = {"spike_factor": 1.15, "window": 4, "max_in_a_row": 3}
    values = settings_of(start, tmp_path, steps=20, optimizer__learning_rates=rates, safety=safety)
    with pytest.raises(TrainingError, match=r"3 steps in a row left out, the last, 11, for loss .* times the recent"):
        train(values, _Spiky)


class _Filling(Trainer):
    """Meets the system's limit on the size of files, as a full disk, after its 15th step."""

    def _train_step(self, *arguments: Any) -> None:
        super()._train_step(*arguments)
        if self.step == 15:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))


@pytest.mark.slow
def test_a_full_disk_leaves_the_last_checkpoint(start: Start, whole: pathlib.Path, tmp_path: pathlib.Path) -> None:
    values = settings_of(start, tmp_path, steps=20, checkpoint__every_steps=10)
    try:
        with pytest.raises(TrainingError, match=r"could not save .*step-00000020: .*step-00000010 is whole, and"):
            train(values, _Filling)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert checkpoints_of(tmp_path) == ["step-00000010"]
    train(values)
    assert_equal_runs(whole, tmp_path)


@pytest.mark.slow
def test_checkpoints_are_kept_by_count(start: Start, tmp_path: pathlib.Path) -> None:
    train(settings_of(start, tmp_path, checkpoint={"every_steps": 1, "keep": 2}))
    assert checkpoints_of(tmp_path) == ["step-00000003", "step-00000004"]


def test_saving_copies_before_training_goes_on(tmp_path: pathlib.Path) -> None:
    """What is written in the background is what the tensors were when it was asked for."""
    with processes() as group:
        store = CheckpointStore(str(tmp_path), 1, group)
        tensors = {"weight": torch.arange(1_000_000.0)}
        store.save(1, tensors, {}, {})
        tensors["weight"].zero_()
        store.wait()
        found = {"weight": torch.zeros(1_000_000)}
        checkpoint = store.latest()
        assert checkpoint is not None
        store.load(checkpoint, found)
    assert torch.equal(found["weight"], torch.arange(1_000_000.0))


@pytest.mark.slow
def test_a_damaged_checkpoint_is_trained_again(
    start: Start, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bit flips in the newest: the run says so, goes on from the one before, and ends as if nothing had been."""
    values = settings_of(start, tmp_path, checkpoint__every_steps=2)
    train(values)
    expected = weights_of(tmp_path)
    shutil.rmtree(tmp_path / "model")
    (tensors,) = (tmp_path / "checkpoints" / "step-00000004").glob("*.distcp")
    data = bytearray(tensors.read_bytes())
    data[-100] ^= 1
    tensors.write_bytes(data)
    capsys.readouterr()
    train(values)
    printed = capsys.readouterr().out
    assert "step-00000004 is damaged" in printed and "going on after step 2" in printed
    assert checkpoints_of(tmp_path) == ["step-00000002", "step-00000004", "step-00000004.damaged"]
    found = weights_of(tmp_path)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


#: Runs first in a training process of its own: it loses the process that reads ahead, and the system tells of it in the
#: midst of a step, not where the next batch is waited for.
_BEREFT = """
import multiprocessing
import os
import time
from model.training.trainer import Trainer
class Bereft(Trainer):
    def _train_step(self, *arguments):
        super()._train_step(*arguments)
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, 9)
            time.sleep(1)
import model.train
model.train.Trainer = Bereft
"""


@pytest.mark.slow
def test_a_lost_worker_is_told(start: Start, tmp_path: pathlib.Path) -> None:
    values = settings_of(start, tmp_path / "out", data__workers=1, steps=30)
    running = start_training(values, tmp_path / "run.yaml", _BEREFT)
    text, _ = running.communicate(timeout=120)
    assert running.returncode == 2, text
    assert re.search(r"a process that reads packs ended .*from the last checkpoint", text), text


def test_other_settings_are_refused(start: Start, tmp_path: pathlib.Path) -> None:
    train(settings_of(start, tmp_path, steps=1))
    with pytest.raises(TrainingError, match="other settings in batch"):
        train(settings_of(start, tmp_path, batch__packs=3))


def test_packs_of_another_tokenizer_are_refused(start: Start, tmp_path: pathlib.Path) -> None:
    other = pathlib.Path(write_model(tmp_path / "model"))
    tiny_tokenizer(("Another text gives other tokens.",)).save(str(other / "tokenizer.json"))
    with pytest.raises(InputError, match=r"was packed with tokenizer .* Pack again with this tokenizer"):
        train(settings_of({**start, "model": str(other)}, tmp_path / "out"))


def test_a_mesh_that_does_not_fit() -> None:
    settings = ParallelSettings(replicas=3, activation_checkpointing=False)
    with pytest.raises(TrainingError, match=r"parallel.replicas is 3, which does not divide the 4 process"):
        build_mesh(settings, 4, torch.device("cpu"))


@pytest.mark.slow
def test_tensorboard(start: Start, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(settings_of(start, tmp_path, metrics={"every_steps": 2, "tensorboard": True}))
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [2, 4]
    assert [line["step"] for line in lines_of(tmp_path)] == [2, 4]


@pytest.mark.slow
@pytest.mark.usefixtures("wandb")
def test_weights_and_biases(start: Start, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline, as without an account: its own file holds the losses."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    train(settings_of(start, tmp_path, steps=2, metrics={"every_steps": 1, "wandb_project": "tests"}))
    (file,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    assert b"learning_rate_merger" in file.read_bytes()


@pytest.mark.slow
def test_mfu_is_the_share_of_the_peak(start: Start, tmp_path: pathlib.Path) -> None:
    trainer = train(settings_of(start, tmp_path, metrics={"every_steps": 2, "peak_flops_per_sec": 1e11}))
    assert isinstance(trainer._flops, FlopCounter)
    for line in lines_of(tmp_path):
        assert line["mfu"] == pytest.approx(line["flops_per_sec"] / 1e11) and 0 < line["mfu"] < 1
