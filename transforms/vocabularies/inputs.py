"""The files of a source, each named by what is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from concept_vocab.sources.registry import SOURCES
from transforms.errors import ConfigError
from transforms.storage import StoragePath, find_files
from transforms.vocabularies.settings import VocabularySource

_READ_BYTES = 1 << 24


class SourceInput(NamedTuple):
    """A file. Where it lies is no part of what is told of it, so that a copy elsewhere is the same input."""

    name: str
    sha256: str
    size_bytes: int
    path: StoragePath


def list_source(source: VocabularySource) -> list[SourceInput]:
    """Its files, each once, sorted by name and content, whatever the order of the paths.

    Raises ConfigError for a path that names nothing.
    """
    try:
        return list_files(source.path, f"source {source.name}")
    except ConfigError as error:
        remedy = SOURCES[source.kind].remedy
        raise ConfigError(f"{error}. {remedy}" if remedy else str(error)) from None


def list_files(paths: Iterable[str], whose: str) -> list[SourceInput]:
    """The same of any paths; errors name ``whose`` they are."""
    found: dict[StoragePath, SourceInput] = {}
    for path in paths:
        files = find_files(path)
        if not files:
            raise ConfigError(f"{whose}: there is nothing at {path}")
        for file in files:
            found[file.path] = SourceInput(file.path.name, _sha256(file.path), file.size_bytes, file.path)
    return sorted(found.values())


def _sha256(path: StoragePath) -> str:
    digest = hashlib.sha256()
    with path.open_stream() as stream:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
