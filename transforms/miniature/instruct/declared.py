"""How the sources are to be read, and under which terms, as their makers would say it: ``sources.yaml``, which is the
section ``sources`` of a configuration."""

from __future__ import annotations

from typing import Any

import yaml

from transforms.configuration import read_yaml, validate
from transforms.instruct.settings import InstructSource
from transforms.miniature.instruct.sources import SOURCES, Shape, Source
from transforms.storage import StoragePath

_FILE = "sources.yaml"
_ADAPTERS = {
    Shape.MESSAGES: "messages",
    Shape.PARTS: "messages",
    Shape.CONVERSATIONS: "conversations",
    Shape.CONVERSATIONS_UNPLACED: "conversations",
    Shape.ALPACA: "alpaca",
    Shape.TEXTS: "cauldron",
    Shape.VQA: "vqa",
    Shape.CAPTION: "captions",
}
#: Shapes whose records do not say where their picture stands.
_UNPLACED = (Shape.CONVERSATIONS_UNPLACED, Shape.VQA, Shape.CAPTION)


def write_declared(folder: StoragePath) -> None:
    """Paths are relative to the file, so that the corpus can be moved."""
    values = {"sources": [_declared(source) for source in SOURCES]}
    (folder / _FILE).write_text(yaml.safe_dump(values, sort_keys=False))


def declared_sources(folder: StoragePath) -> list[InstructSource]:
    """Of a corpus that is there; raises ConfigError where it is not."""
    path = str(folder / _FILE)
    return [validate(one, InstructSource, path) for one in read_yaml(path)["sources"]]


def _declared(source: Source) -> dict[str, Any]:
    """The settings of :class:`InstructSource` that are not its defaults."""
    declared: dict[str, Any] = {
        "name": source.name,
        "path": f"./sources/{source.name}/part-*.{source.file_format}",
        "adapter": _ADAPTERS[source.shape],
    }
    if source.shape in _UNPLACED:
        declared["place_media"] = "before_first_question"
    if (convention := source.convention) is not None:
        declared["coordinates"] = {
            "unit": str(convention.unit),
            "order": str(convention.order),
            "frame": str(convention.frame),
        }
        if convention.resized is not None:
            declared["coordinates"]["size"] = list(convention.resized)
    declared["license"] = str(source.licence)
    if source.model_terms is not None:
        declared["model_terms"] = [source.model_terms]
    return declared
