"""Before any test module is imported: nothing may reach for the network. The longest tests begin first."""

from __future__ import annotations

import os

import pytest

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lest one worker be left alone with a test of minutes at the end."""
    items.sort(key=lambda item: "longest" not in item.keywords)
