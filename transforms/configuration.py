"""Configuration: one YAML a job, strict, with overrides, a fingerprint, and errors that name the key.

Each step keeps its own :class:`Settings` beside its code; ``pipelines`` joins them into the configuration of a job.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from concept_vocab.strict_yaml import YamlError, load_yaml
from transforms.errors import ConfigError
from transforms.storage import StoragePath

#: Marks a field that says where or how fast, not what: ``Field(..., json_schema_extra=NOT_FINGERPRINTED)``.
NOT_FINGERPRINTED: dict[str, Any] = {"fingerprint": False}

#: Marks a field that came later: at its default it is left out, and a run begun before the field was there goes on.
FINGERPRINTED_IF_SET: dict[str, Any] = {"fingerprint": "if_set"}

#: A configuration is written by hand: the longest has 3 kB.
_MOST_BYTES = 1 << 20
_PLACEHOLDER = re.compile(r"(?:^|[/:=])YOUR-[A-Z]")  # as gs://YOUR-BUCKET


class Settings(BaseModel):
    """Base of every configuration section: frozen, an unknown key is an error, and so are infinity and NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)

    def identity(self) -> dict[str, Any]:
        """What decides the bytes of the output: the settings without the fields marked NOT_FINGERPRINTED, and without
        those marked FINGERPRINTED_IF_SET that say what their default does."""
        return {
            name: _identity(getattr(self, name))
            for name, field in type(self).model_fields.items()
            if self._is_fingerprinted(name, field)
        }

    def _is_fingerprinted(self, name: str, field: FieldInfo) -> bool:
        extra = field.json_schema_extra
        mark = extra.get("fingerprint") if isinstance(extra, dict) else None
        if mark == "if_set":
            return bool(_identity(getattr(self, name)) != _identity(field.get_default(call_default_factory=True)))
        return mark is not False


def _identity(value: Any) -> Any:
    if isinstance(value, Settings):
        return value.identity()
    if isinstance(value, (list, tuple)):
        return [_identity(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _identity(item) for key, item in value.items()}
    return value


def fingerprint(*parts: Any) -> str:
    """16 hexadecimal digits (64 bits of SHA-256) of settings and plain values; equal for equal meaning."""
    text = json.dumps([_identity(part) for part in parts], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


SettingsT = TypeVar("SettingsT", bound=Settings)


def load_settings(path: str, schema: type[SettingsT], overrides: list[str] | None = None) -> SettingsT:
    """Read a YAML file into ``schema``.

    A value in the file that begins with ``./`` or ``../`` is a path relative to that file. An override ``a.b=c`` is
    parsed as YAML; a path in it is relative to the working directory. Raises ConfigError naming file and key.
    """
    values = read_yaml(path)
    for override in overrides or []:
        apply_override(values, override)
    return validate(values, schema, str(StoragePath.of(path)))


def refuse_placeholders(settings: Settings, unused: str | None = None) -> None:
    """Raises ConfigError where a configuration that is to be filled in was not; ``unused`` is the section that has no
    say, as ``runner.dataflow``."""
    left = [
        f"  {key}: {value}"
        for key, value in texts(settings.model_dump(mode="json"))
        if _PLACEHOLDER.search(value) and not (unused and key.startswith(f"{unused}."))
    ]
    if left:
        raise ConfigError("put your own in place of what begins with YOUR-:\n" + "\n".join(left))


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string within a JSON-like value, behind the key that leads to it, as ``sources.0.path``."""
    if isinstance(value, str):
        yield key, value
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from texts(one, f"{key}.{name}" if key else str(name))


def read_yaml(path: str) -> dict[str, Any]:
    """The mapping in a YAML file; raises ConfigError naming the file where there is none.

    A value that begins with ``./`` or ``../`` is a path relative to that file, and comes out absolute.
    """
    location = StoragePath.of(path)
    if not location.is_file():
        raise ConfigError(f"no configuration file at {location}")
    if location.size_bytes() > _MOST_BYTES:
        raise ConfigError(f"{location} has {location.size_bytes()} bytes; no configuration has over {_MOST_BYTES}")
    try:
        values = load_yaml(location.read_text())
    except (YamlError, UnicodeDecodeError) as error:
        raise ConfigError(f"{location} is not YAML as settings are written: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{location} must be a mapping of settings, found {type(values).__name__}")
    return {key: _anchor(value, str(location.parent)) for key, value in values.items()}


def validate(values: dict[str, Any], schema: type[SettingsT], origin: str) -> SettingsT:
    """Check ``values`` against ``schema``; raises ConfigError with every fault on a line of its own."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        lines = [f"{len(error.errors())} fault(s) in {origin}:"]
        for fault in error.errors():
            where = ".".join(str(part) for part in fault["loc"]) or "(top level)"
            message = fault["msg"].removeprefix("Value error, ")
            if fault["type"] == "extra_forbidden":
                message = "unknown key; remove it or mend its spelling"
            lines.append(f"  {where}: {message}")
        raise ConfigError("\n".join(lines)) from None


def _anchor(value: Any, folder: str) -> Any:
    """Make the ``./`` and ``../`` paths of a configuration absolute."""
    if isinstance(value, dict):
        return {key: _anchor(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_anchor(item, folder) for item in value]
    if isinstance(value, str) and value.startswith(("./", "../")):
        return os.path.normpath(os.path.join(folder, value))
    return value


def apply_override(values: dict[str, Any], override: str) -> None:
    """Set one dotted key; list items by index: ``sources.0.path=data``. Raises ConfigError naming the override."""
    dotted, equals, text = override.partition("=")
    if not equals or not dotted:
        raise ConfigError(f"--set {override}: write it as key=value, for example balance.size=1000")
    *parents, last = dotted.split(".")
    node: Any = values
    for part in parents:
        node = node[_index(node, part, override)] if isinstance(node, list) else node.setdefault(part, {})
        if not isinstance(node, (dict, list)):
            raise ConfigError(f"--set {override}: {part} holds a single value, not a section")
    try:
        value = load_yaml(text)
    except YamlError as error:
        raise ConfigError(f"--set {override}: the value is not YAML: {error}") from error
    node[_index(node, last, override) if isinstance(node, list) else last] = value


def _index(node: list[Any], part: str, override: str) -> int:
    if not part.isdigit() or int(part) >= len(node):
        raise ConfigError(f"--set {override}: {part} must be a number below {len(node)}, the length of that list")
    return int(part)
