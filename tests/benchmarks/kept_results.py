"""Results as they were kept, and how README writes them: tables, paragraphs, shares."""

from __future__ import annotations

import functools
import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.harness import RESULTS

_LINE = 120  # characters of a line of README


@functools.cache
def kept(name: str) -> Mapping[str, Any]:
    values: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return values


def percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f"| {cell} " if cell else "| " for cell in row) + "|" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def paragraph(text: str) -> str:
    return textwrap.fill(text, _LINE, break_long_words=False, break_on_hyphens=False)
