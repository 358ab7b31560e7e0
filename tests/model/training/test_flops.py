"""The count of operations, against torch's own counter on what it can see: the matrices of a tiny model."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from model.architecture.configuration import config_from_yaml
from model.training.flops import FlopCounter, peak_flops_per_sec
from model.training.loss_module import LossModule, MicroBatch
from model.training.optimizer import freeze
from model.training.settings import TrainSettings
from tests.model.architecture.test_documents import packed
from tests.model.tiny import tiny_model
from tests.model.tiny_runs import ROOT, settings_of


def settings(**changes: object) -> TrainSettings:
    return TrainSettings.model_validate(settings_of({"model": "m", "packs": "p"}, "o", **changes))


CHOICES = [rates for rates in itertools.product([None, 1e-3], repeat=3) if any(rates)]


@pytest.mark.parametrize(("vision", "merger", "language"), CHOICES)
def test_against_torch(vision: float | None, merger: float | None, language: float | None) -> None:
    """Exact, once attention is counted alike: torch takes no half for the causal mask, and 2.5 passes backward."""
    rates = {"vision": vision, "merger": merger, "language": language}
    model = tiny_model().train()
    choice = settings(optimizer__learning_rates=rates)
    freeze(model, choice)
    part = MicroBatch.of({**packed(), "keys": []})  # type: ignore[typeddict-item]
    with FlopCounterMode(display=False) as seen:
        loss, _ = LossModule(model, 1000)(**part.arguments(torch.device("cpu")), step_targets=1.0, step_parts=1)
        loss.backward()
    counter = FlopCounter(model.config, choice)
    lengths = part.inputs["cu_seq_lens_q"].diff().double()
    frames = part.inputs["image_grid_thw"].prod(1).double() + 1
    text_pass, tower_pass = 2 * 4 * 64 * float((lengths**2).sum()), 2 * 4 * 64 * float((frames**2).sum())
    counted = counter.count(part.inputs, len(part.targets)) + (3.5 - 1.5) * text_pass
    assert counted + (0.5 * tower_pass if vision else 0) == seen.get_total_flops()


def test_six_operations_a_parameter_and_token() -> None:
    """The rule of thumb, for the 4B text model with short documents and every token a target."""
    config = config_from_yaml(str(ROOT / "configs" / "model" / "4b.yaml"))
    counter = FlopCounter(config, settings())
    tokens = 8192
    matrices = 4_741_610_528 - 151936 * 2560 - 315_000_000  # without the embeddings, and the tower roughly
    counted = counter.text(np.full(tokens // 32, 32.0)) + counter.head(tokens)
    assert counted == pytest.approx(6 * matrices * tokens, rel=0.02)


def test_attention_is_per_document_and_causal() -> None:
    config = config_from_yaml(str(ROOT / "configs" / "model" / "4b.yaml"))
    counter = FlopCounter(config, settings())
    whole, halves = counter.text(np.array([8192.0])), counter.text(np.array([4096.0, 4096.0]))
    # 36 layers, 3 passes, 2·L²·4096 each: two halves have half the pairs
    assert whole - halves == pytest.approx(36 * 3 * 2 * 4096 * (8192**2 / 2))


@pytest.mark.parametrize(
    "name, peak",
    [
        ("NVIDIA H200", 989e12),
        ("NVIDIA GH200 480GB", 989e12),
        ("NVIDIA H800", 989e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA B200", 2.25e15),
        ("NVIDIA T4", None),
    ],
)
def test_the_peak_is_that_of_the_device(monkeypatch: pytest.MonkeyPatch, name: str, peak: float | None) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: name)
    assert peak_flops_per_sec(torch.device("cuda")) == peak
    assert peak_flops_per_sec(torch.device("cpu")) is None
