"""Settings that cannot lead anywhere are refused before any work."""

from __future__ import annotations

import pytest

from transforms.errors import ConfigError
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.settings import InstructSource

SOURCES = [InstructSource(name="a", path="/a.jsonl")]


def test_what_is_whole_passes() -> None:
    DuplicatesSettings(prefer=["a"]).check(SOURCES)


@pytest.mark.parametrize(
    ("settings", "said"),
    [(DuplicatesSettings(prefer=["a", "b"]), "names b"), (DuplicatesSettings(permutations=100), "choose a divisor")],
)
def test_what_is_not_is_named(settings: DuplicatesSettings, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings.check(SOURCES)
