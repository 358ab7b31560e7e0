"""Parts, their rates, and the schedule."""

from __future__ import annotations

import pytest
import torch

from model.training.optimizer import build_optimizer, freeze, learning_rate, part_of, set_learning_rates
from model.training.settings import TrainSettings
from tests.model.tiny import tiny_model
from tests.model.tiny_runs import settings_of


def settings(**changes: object) -> TrainSettings:
    return TrainSettings.model_validate(settings_of({"model": "m", "packs": "p"}, "o", **changes))


@pytest.mark.parametrize("trained", ["vision", "merger", "language"])
def test_one_part_is_trained_and_the_others_stay(trained: str) -> None:
    rates = {part: 0.01 if part == trained else None for part in ("vision", "merger", "language")}
    choice = settings(optimizer__learning_rates=rates)
    model = tiny_model()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    freeze(model, choice)
    optimizer = build_optimizer(model, choice.optimizer)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter) if parameter.requires_grad else None
    optimizer.step()
    moved = {part_of(name) for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    still = {part_of(name) for name, p in model.named_parameters() if torch.equal(p, before[name])}
    assert moved == {trained} and trained not in still and len(still) == 2


def test_each_part_has_its_rate_and_vectors_do_not_decay() -> None:
    choice = settings(
        steps=100,
        optimizer__learning_rates={"vision": 1e-4, "merger": 1e-2, "language": 1e-3},
        optimizer__weight_decay=0.1,
        optimizer__betas=[0.8, 0.9],
        optimizer__eps=1e-5,
    )
    optimizer = build_optimizer(tiny_model(), choice.optimizer)
    rates = set_learning_rates(optimizer, choice, 19)
    assert rates == {"vision": 1e-4, "merger": 1e-2, "language": 1e-3}
    for group in optimizer.param_groups:
        assert group["lr"] == rates[group["part"]]
        matrices = {sum(size > 1 for size in parameter.shape) > 1 for parameter in group["params"]}
        assert matrices == {group["weight_decay"] > 0}
        assert group["weight_decay"] in (0.0, 0.1) and group["betas"] == (0.8, 0.9) and group["eps"] == 1e-5


def test_schedule() -> None:
    choice = settings(steps=101, optimizer__warmup_fraction=0.1, optimizer__min_learning_rate=1e-4)
    rates = [learning_rate(1e-2, choice, step) for step in range(101)]
    assert rates[0] == pytest.approx(1e-2 / 11) and rates[10] == pytest.approx(1e-2) == max(rates)
    assert rates[-1] == pytest.approx(1e-4) == min(rates[11:])
    assert rates[11:] == sorted(rates[11:], reverse=True) and len(set(rates[11:])) == 90
    halfway = 11 + (100 - 11) / 2
    assert learning_rate(1e-2, choice, int(halfway)) == pytest.approx((1e-2 + 1e-4) / 2, rel=0.02)
