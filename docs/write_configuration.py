"""Writes docs/configuration.md, the reference of every key of every configuration, from the settings as declared.

Run it from anywhere, ``python docs/write_configuration.py``, whenever settings change; the same settings give the same
bytes.
"""

from __future__ import annotations

import json
import pathlib
import re
import typing
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from model.training.settings import TrainSettings
from pipelines.build_settings import BuildSettings
from pipelines.caption import CaptionJobSettings
from pipelines.instruct.settings import InstructSettings
from pipelines.pack_settings import PackJobSettings
from pipelines.vocabulary_build_settings import VocabularyBuildSettings
from transforms.configuration import Settings
from transforms.planning.prices import Prices

PAGE = pathlib.Path(__file__).resolve().parent / "configuration.md"

#: The command that reads a file, what it describes, and an example that is shipped.
JOBS: list[tuple[str, type[Settings], str]] = [
    ("evenweave build", BuildSettings, "configs/build/mini.yaml"),
    ("evenweave instruct", InstructSettings, "configs/instruct/mini.yaml"),
    ("evenweave caption", CaptionJobSettings, "configs/caption/mini.yaml"),
    ("evenweave vocabulary build", VocabularyBuildSettings, "configs/vocabulary/build.yaml"),
    ("evenweave pack", PackJobSettings, "configs/pack/mini.yaml"),
    ("evenweave train", TrainSettings, "configs/train/tiny-stage1.yaml"),
    ("evenweave plan --prices", Prices, "configs/plan/prices.yaml"),
]

_INTRODUCTION = """\
# Configuration

One YAML a job; a key that is not here is an error. Written by `python docs/write_configuration.py` from the settings
as they are declared, and compared with them by a test. `--set balance.size=500` overrides a key, that of a list by its
number: `--set sources.0.path=photos/`.

A run folder belongs to its settings: with others it is refused. That does not hold for keys marked ○, which say where
or how fast, and not what. A key marked ◐ came later: where it is not set, runs begun before it go on.
"""


def write() -> str:
    """The page."""
    parts = [_INTRODUCTION]
    for command, schema, example in JOBS:
        parts.append(f"## `{command}`\n\n{about(schema)} An example is `{example}`.\n")
        parts += (_section(name, text, section) for name, text, section in sections(schema))
    return "\n".join(parts)


def sections(schema: type[Settings], name: str = "", text: str = "") -> Iterator[tuple[str, str, type[Settings]]]:
    """(dotted name, what it is for, settings) of a file's top level, and of every section below it."""
    yield name, text, schema
    for key, field in _by_name(schema):
        for inner in _settings_in(field.annotation):
            item = {list: ".N", dict: ".NAME"}.get(typing.get_origin(field.annotation), "")
            dotted = f"{name}.{key}" if name else key
            yield from sections(inner, dotted + item, description(field))


def _by_name(schema: type[Settings]) -> Iterator[tuple[str, FieldInfo]]:
    """As a file calls them."""
    for key, field in schema.model_fields.items():
        yield field.alias or key, field


def description(field: FieldInfo) -> str:
    """What a field is for, in its own words or those of the section that it holds; raises ValueError without any."""
    told = field.description or next((about(inner) for inner in _settings_in(field.annotation)), "")
    if not told:
        raise ValueError(f"no description: {field!r}")
    return told


def about(schema: type[Settings]) -> str:
    """The first paragraph of what is said of a section where it is declared."""
    paragraph = (vars(schema).get("__doc__") or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.replace("``", "`").split())


def _section(name: str, text: str, schema: type[Settings]) -> str:
    properties = schema.model_json_schema().get("properties", {})
    rows = [
        "| key | takes | default | what for |",
        "|---|---|---|---|",
        *(_row(known, field, properties.get(known, {})) for known, field in _by_name(schema)),
    ]
    heading = f"### `{name}`\n\n{_sentence(text)}\n\n" if name else ""
    return heading + "\n".join(rows) + "\n"


def _row(key: str, field: FieldInfo, json_schema: dict[str, Any]) -> str:
    mark = {False: " ○", "if_set": " ◐"}.get(json_schema.get("fingerprint", True), "")
    inner = list(_settings_in(field.annotation))
    takes = "sections" if typing.get_origin(field.annotation) is list and inner else _takes(json_schema)
    if inner and takes != "sections":
        takes = "section or null" if type(None) in typing.get_args(field.annotation) else "section"
    cells = (f"`{key}`{mark}", takes, _default(field, bool(inner)), description(field))
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(cell: str) -> str:
    """What would end a cell, or begin a tag."""
    return re.sub(r"<(?=\w)", "&lt;", cell.replace("|", "\\|"))


def _default(field: FieldInfo, is_section: bool) -> str:
    if field.is_required():
        return "required"
    if is_section:
        return "null" if field.get_default(call_default_factory=True) is None else ""
    value = field.get_default(call_default_factory=True)
    return f"`{json.dumps(value, ensure_ascii=False, default=str)}`"


def _takes(schema: dict[str, Any]) -> str:
    """A JSON schema in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_takes(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(
            f"`{json.dumps(one).strip(chr(34))}`" for one in schema.get("enum", [schema.get("const")])
        )
    kind = schema.get("type", "section" if "$ref" in schema else "anything")
    if "prefixItems" in schema:
        return f"{len(schema['prefixItems'])} {_plural(_takes(schema['prefixItems'][0]))}"
    if kind == "array":
        return f"list of {_plural(_takes(schema.get('items', {})))}"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"names, each with {_takes(inner if isinstance(inner, dict) else {})}"
    names = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    return names.get(kind, kind) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {schema[name]}" for name, sign in words.items() if name in schema]
    if pattern := schema.get("pattern"):
        found.append(f"`{pattern}`")
    return f" {', '.join(found)}" if found else ""


def _plural(words: str) -> str:
    return {"text": "texts", "number": "numbers", "whole number": "whole numbers"}.get(words, words)


def _settings_in(annotation: Any) -> Iterator[type[Settings]]:
    """The sections that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _settings_in(inner)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


if __name__ == "__main__":
    PAGE.write_text(write(), encoding="utf-8")
