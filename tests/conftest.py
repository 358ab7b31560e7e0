"""Before any test module is imported: nothing may reach for the network. The longest tests begin first.

Hypothesis sets no deadline: cores are shared, and how long one example takes says nothing here. Where a change is
judged (``CI``) it takes the same examples each time; new ones are tried by who works on it. Python's collector of
garbage looks no more at what the modules hold once they are imported, a million objects, which took a second each time.
"""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

settings.register_profile("shared cores", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("shared cores")

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lest one worker be left alone with a test of minutes at the end."""
    items.sort(key=lambda item: "longest" not in item.keywords)


@pytest.fixture(autouse=True, scope="module")
def _nothing_imported_is_looked_through() -> None:
    """For each module anew, as libraries that are tested beside ours undo it."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what is frozen at the end some libraries call leaked
