"""Every source says what it is, and a half-made one does not start."""

from __future__ import annotations

from typing import ClassVar

import pytest

from concept_vocab.sources.lists import ListSource
from concept_vocab.sources.registry import SOURCES, register


@pytest.mark.parametrize("kind", SOURCES)
def test_what_each_says(kind: str) -> None:
    source = SOURCES[kind]
    assert source.kind == kind and source.licence and source.thresholds
    assert source.url.startswith("https://") or source.licence == "of the user"


def test_a_second_one_of_a_kind_and_one_without_a_licence() -> None:
    with pytest.raises(TypeError, match="has the kind of ListSource: list"):
        register(ListSource)

    class Untold(ListSource):
        kind = "untold"
        licence: ClassVar[str] = ""

    with pytest.raises(TypeError, match="must say its kind"):
        register(Untold)
    assert "untold" not in SOURCES
