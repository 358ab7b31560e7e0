"""Files of a source, by name and content."""

from __future__ import annotations

import hashlib
import pathlib

import pytest

from transforms.errors import ConfigError
from transforms.vocabularies.inputs import list_source
from transforms.vocabularies.settings import VocabularySource


def listed(*paths: str) -> list[tuple[str, str]]:
    found = list_source(VocabularySource(name="a", kind="list", path=list(paths)))
    return [(file.name, file.sha256) for file in found]


def test_each_file_once_in_one_order(tmp_path: pathlib.Path) -> None:
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(name)
    expected = [(name, hashlib.sha256(name.encode()).hexdigest()) for name in ("a.txt", "b.txt")]
    assert listed(str(tmp_path)) == expected
    assert listed(str(tmp_path / "b.txt"), str(tmp_path), str(tmp_path / "*.txt")) == expected


def test_nothing_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="source a: there is nothing at"):
        listed(str(tmp_path / "c.txt"))
