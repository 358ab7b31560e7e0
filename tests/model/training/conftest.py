"""What training begins from."""

from __future__ import annotations

import pytest

from tests.model.tiny_runs import write_model, write_packs


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("start")
    return {"model": write_model(folder / "model"), "packs": write_packs(folder)}
