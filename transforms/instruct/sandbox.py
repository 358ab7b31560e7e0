"""Jinja2 in its sandbox. What a row says is only ever a value of a template and never a template itself, so that braces
in a question stay braces."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

_KEPT = 4096  # templates, of which banks have some hundreds


@functools.lru_cache(1)
def _environment() -> jinja2.Environment:
    return ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


@functools.lru_cache(_KEPT)
def _template(text: str) -> jinja2.Template:
    return _environment().from_string(text)


@functools.lru_cache(_KEPT)
def variables(text: str) -> frozenset[str]:
    """What a template has to be given."""
    return frozenset(meta.find_undeclared_variables(_environment().parse(text)))


def written(text: str, values: Mapping[str, object]) -> str:
    """A template with ``values``. Raises jinja2.TemplateError where it fails on them, as for one that is missing."""
    return _template(text).render(values)


def check_template(text: str, known: frozenset[str], needed: frozenset[str] = frozenset()) -> None:
    """Raises ValueError for what cannot be written out of ``known`` variables, or lacks one that is ``needed``."""
    try:
        used = variables(text)
    except jinja2.TemplateSyntaxError as error:
        raise ValueError(f"{text!r} is no template of Jinja2: {error.message}") from error
    if foreign := sorted(used - known):
        raise ValueError(f"{text!r} uses {foreign[0]!r}; known is {', '.join(sorted(known))}")
    if lacking := sorted(needed - used):
        raise ValueError(f"{text!r} does not use {lacking[0]!r}")
    try:
        result = written(text, dict.fromkeys(known, "x"))
    except jinja2.TemplateError as error:  # an unknown filter, or what the sandbox does not allow
        raise ValueError(f"{text!r} cannot be written out: {error.message or type(error).__name__}") from error
    if not result.strip():
        raise ValueError(f"{text!r} says nothing")
