"""Prompts: files of templates, filled with the texts of rows. A text of a row is a value, never a template."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import xxhash
from jinja2 import TemplateError

from transforms.configuration import read_yaml
from transforms.errors import ConfigError
from transforms.instruct.asking.request import ShownImage, Turn
from transforms.instruct.sandbox import variables as variables_of
from transforms.instruct.sandbox import written

_PARTS = ("system", "user")


@dataclass(frozen=True)
class Prompt:
    """``digest``: 16 bytes, of both templates."""

    path: str
    system: str
    user: str
    digest: bytes

    def turns(self, values: Mapping[str, object], images: tuple[ShownImage, ...] = ()) -> tuple[Turn, ...]:
        """Filled in. Raises ConfigError for a template that fails on values, as where it asks for a part of a text."""
        try:
            texts = [written(text, values).strip() for text in (self.system, self.user)]
        except TemplateError as error:
            raise ConfigError(f"{self.path} cannot be filled in: {error}") from error
        system = (Turn("system", texts[0]),) if texts[0] else ()
        return (*system, Turn("user", texts[1], images))


def read_prompt(path: str, variables: Collection[str]) -> Prompt:
    """A YAML file with ``system`` (may be left out) and ``user``. Raises ConfigError, naming the file, for another key,
    a template that does not parse, and a variable that is none of ``variables``."""
    values = read_yaml(path)
    if unknown := sorted(values.keys() - set(_PARTS)):
        raise ConfigError(f"{path}: unknown key {unknown[0]!r}; a prompt has {' and '.join(_PARTS)}")
    if not str(values.get("user") or "").strip():
        raise ConfigError(f"{path}: user is empty; it must say what is asked")
    system, user = (str(values.get(part) or "") for part in _PARTS)
    for part, text in zip(_PARTS, (system, user), strict=True):
        _check(path, part, text, variables)
    return Prompt(path, system, user, xxhash.xxh3_128_digest(f"{system}\x1f{user}".encode()))


def _check(path: str, part: str, text: str, variables: Collection[str]) -> None:
    try:
        named = variables_of(text)
    except TemplateError as error:
        raise ConfigError(f"{path}, {part}: {error}") from None
    if unknown := sorted(named - set(variables)):
        raise ConfigError(
            f"{path}, {part}: there is no variable {unknown[0]!r}; there are {', '.join(sorted(variables))}"
        )
