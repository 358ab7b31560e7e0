from __future__ import annotations

import pathlib

import pytest

from tests.integration.random_kills import build_command, instruct_command, kill_at_random


@pytest.mark.slow
@pytest.mark.endurance
def test_a_build_is_killed_at_random_moments(tmp_path: pathlib.Path) -> None:
    assert len(list(kill_at_random(tmp_path, build_command(tmp_path, 100), kills=3, seed=1))) == 3


@pytest.mark.slow
@pytest.mark.endurance
def test_a_mixture_is_killed_at_random_moments(tmp_path: pathlib.Path) -> None:
    assert len(list(kill_at_random(tmp_path, instruct_command(tmp_path, 500), kills=3, seed=1))) == 3
