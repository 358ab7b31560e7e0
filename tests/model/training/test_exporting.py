"""The model that training leaves: that of the last step, and no other."""

from __future__ import annotations

import pathlib
import shutil
from typing import Any

import pytest
import torch

from model.errors import CheckpointError, TrainingError
from model.training import exporting
from model.training.loss_module import MicroBatch
from model.training.trainer import Trainer
from tests.model.tiny_runs import settings_of, train, weights_of

Start = dict[str, str]


@pytest.mark.slow
def test_more_steps_are_exported_too(start: Start, tmp_path: pathlib.Path) -> None:
    """A finished run with ``steps`` raised: the model is that of the last step, and stays when nothing is new."""
    train(settings_of(start, tmp_path, steps=2))
    before = weights_of(tmp_path)
    train(settings_of(start, tmp_path, steps=4))
    after = weights_of(tmp_path)
    assert any(not torch.equal(before[name], after[name]) for name in before)
    trainer = train(settings_of(start, tmp_path, steps=4))
    trained = dict(trainer.root.model.named_parameters())
    assert torch.equal(trained["lm_head.weight"].full_tensor(), after["lm_head.weight"])
    written = (tmp_path / "model" / "config.json").stat().st_mtime_ns
    train(settings_of(start, tmp_path, steps=4))
    assert (tmp_path / "model" / "config.json").stat().st_mtime_ns == written
    assert not list(tmp_path.glob("model.*"))


@pytest.mark.slow
def test_what_was_trained_anew_is_exported_anew(start: Start, tmp_path: pathlib.Path) -> None:
    """As many steps over other settings, in a folder whose checkpoints were taken away."""
    train(settings_of(start, tmp_path, steps=2))
    before = weights_of(tmp_path)
    shutil.rmtree(tmp_path / "checkpoints")
    trainer = train(settings_of(start, tmp_path, steps=2, data__seed=7))
    after = weights_of(tmp_path)
    assert any(not torch.equal(before[name], after[name]) for name in before)
    trained = dict(trainer.root.model.named_parameters())
    assert torch.equal(trained["lm_head.weight"].full_tensor(), after["lm_head.weight"])


class _Aimless(Trainer):
    """Meets packs without a target."""

    def _batches(self) -> Any:
        for part in super()._batches():
            yield MicroBatch(part.inputs, part.places[:0], part.targets[:0])


@pytest.mark.slow
def test_what_learnt_nothing_is_not_exported(start: Start, tmp_path: pathlib.Path) -> None:
    with pytest.raises(TrainingError, match=r"all 4 steps were left out.*no model is exported"):
        train(settings_of(start, tmp_path), _Aimless)
    assert not (tmp_path / "model").exists()
    with pytest.raises(TrainingError, match="all 4 steps were left out"):
        train(settings_of(start, tmp_path))


@pytest.mark.slow
def test_an_export_that_fails_leaves_the_adapter_before(
    start: Start, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lora = {"rank": 4, "alpha": 8, "targets": ["q_proj"]}
    rates = {"vision": None, "merger": None, "language": 1e-2}
    train(settings_of(start, tmp_path, steps=2, lora=lora, optimizer__learning_rates=rates))
    before = {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()}
    longer = settings_of(start, tmp_path, steps=3, lora=lora, optimizer__learning_rates=rates)

    def fails(*_: Any) -> None:
        raise CheckpointError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "export_merged", fails)
        with pytest.raises(CheckpointError, match="no space"):
            train(longer)
    assert {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()} == before
    train(longer)
    after = {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()}
    assert after.keys() == before.keys() and after != before
    assert not list(tmp_path.glob("*.unfinished")) and not list(tmp_path.glob("*.replaced"))
