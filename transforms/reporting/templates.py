"""Pages that need nothing else: no network, no other file, and of scripts only our own.

Captions, keys and concept names come from the web, so templates escape everything; the only markup put in unescaped is
our own style sheet, our own script and the charts, which hold numbers only. A page's content security policy forbids
any load from elsewhere and any script but ours, which it names by its SHA-256, should something slip through all the
same.
"""

from __future__ import annotations

import base64
import hashlib
import os.path
from typing import Any

import jinja2
from markupsafe import Markup

_HERE = os.path.dirname(__file__)
_MAX_TEXT = 280  # characters of a caption or detail; whole essays stand in alt texts


def render_template(name: str, script: str | None = None, **values: Any) -> str:
    """The template called ``name``, in the frame that all pages share; ``script`` names a file beside it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count=_count, percent=_percent, words=_words, brief=_brief)
    code = None if script is None else Markup(_text(script))
    frame = {"style": Markup(_text("page.css")), "script": code, "policy": _policy(code)}
    return environment.get_template(name).render(**frame, **values)


def _text(file: str) -> str:
    with open(os.path.join(_HERE, file), encoding="utf-8") as stream:
        return stream.read()


def _policy(script: str | None) -> Markup:
    """What a page may load, and run: nothing but what stands in it."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    if script is not None:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy += f"; script-src 'sha256-{digest}'"
    return Markup(policy)


def _count(value: int) -> str:
    return f"{value:,}"


def _percent(share: float) -> str:
    """Two significant digits below 10 %, so that a rare reason does not read as 0 %."""
    if 0 < share < 0.0001:
        return "< 0.01 %"
    return f"{100 * share:.{2 if share < 0.01 else 1}f} %" if share else "0 %"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _brief(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
