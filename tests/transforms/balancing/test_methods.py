from __future__ import annotations

from typing import get_args

from transforms.balancing.methods import METHODS
from transforms.balancing.settings import BalanceSettings, Method


def test_every_method_of_the_settings_has_one_class_of_its_name() -> None:
    assert sorted(METHODS) == sorted(get_args(Method))
    assert all(method.name == name for name, method in METHODS.items())
    assert len(set(METHODS.values())) == len(METHODS)


def test_only_what_is_fitted_reads_a_sample() -> None:
    rows = {name: method.sample_rows(BalanceSettings(size=1, max_sample_rows=7)) for name, method in METHODS.items()}
    assert {name for name, limit in rows.items() if limit} == {"raked", "metaclip", "even"}
    assert METHODS["metaclip"].sample_rows(BalanceSettings(size=1, metaclip_t=5)) == 0
    assert [name for name, method in METHODS.items() if method.corrections(BalanceSettings(size=1))] == ["even"]
