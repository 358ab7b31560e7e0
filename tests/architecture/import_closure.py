"""Which modules of ours a file imports, itself or by way of others."""

from __future__ import annotations

import functools
import pathlib

from tests.architecture.test_imports import PACKAGES, ROOT, dotted, imported, modules


@functools.cache
def _files() -> dict[str, pathlib.Path]:
    return {dotted(path): path for package in (*PACKAGES, "tests") for path in modules(package)}


@functools.cache
def direct(path: pathlib.Path) -> frozenset[pathlib.Path]:
    """What a file imports itself: of a name in a module, the module, and the packages that it lies in."""
    names = {name if name in _files() else name.rpartition(".")[0] for name in imported(path)}
    names |= {".".join(name.split(".")[:end]) for name in names for end in range(1, name.count(".") + 1)}
    return frozenset(_files()[name] for name in names & _files().keys())


@functools.cache
def closure(path: pathlib.Path) -> frozenset[pathlib.Path]:
    found: set[pathlib.Path] = set()
    waiting = [ROOT / path]
    while waiting:
        new = direct(waiting.pop()) - found
        found |= new
        waiting += new
    return frozenset(found)
