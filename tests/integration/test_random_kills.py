from __future__ import annotations

import pathlib

import pytest

from tests.integration.random_kills import kill_at_random


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: pathlib.Path) -> None:
    assert len(list(kill_at_random(tmp_path, kills=3, seed=1, images=100))) == 3
