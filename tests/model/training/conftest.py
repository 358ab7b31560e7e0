"""What training begins from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.model.tiny_runs import write_model, write_packs


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("start")
    return {"model": write_model(folder / "model"), "packs": write_packs(folder)}


@pytest.fixture
def wandb() -> Iterator[Any]:
    """Weights & Biases as a process first meets it: it keeps what the first run was told, WANDB_MODE too."""
    package = pytest.importorskip("wandb")
    package.teardown()
    yield package
    package.teardown()
