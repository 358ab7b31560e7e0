"""faiss, of which a machine can hold one build only: each of its wheels installs the same folder ``faiss/``.

The one installed last wins; taking another away then deletes files of both. What stands on disk is compared with what
each wheel says that it installed, since an import may succeed with a mixture.
"""

from __future__ import annotations

import importlib.metadata
import os
from typing import Any

from transforms.errors import EvenweaveError

#: Every wheel on PyPI that installs ``faiss/``; a faiss of another origin (conda, a system's package) is none of them.
_WHEELS = ("faiss-cpu", "faiss-gpu", "faiss-gpu-cu11", "faiss-gpu-cu12", "faiss-gpu-cuvs")


class BrokenFaissError(EvenweaveError):
    """A faiss whose files are missing, or are a mixture of two builds."""


def import_faiss() -> Any:
    """The module ``faiss``. Raises BrokenFaissError, saying which wheels are installed and how to mend it."""
    wheels = _installed()
    if len(wheels) > 1 and not any(wheels.values()):
        raise BrokenFaissError(f"the folder faiss/ holds files of several builds. {_remedy(wheels)}")
    try:
        import faiss

        faiss.IndexFlatIP  # noqa: B018 - where files were deleted, an empty folder is imported without an error
    except (ImportError, AttributeError, OSError, RuntimeError) as error:
        raise BrokenFaissError(f"faiss cannot be imported: {error}. {_remedy(wheels)}") from error
    return faiss


def clobbered() -> str | None:
    """What to tell the user where several wheels of faiss are installed, even if it works; None otherwise."""
    wheels = _installed()
    return _remedy(wheels) if len(wheels) > 1 else None


def _installed() -> dict[str, bool]:
    """The wheels that are installed, and whether each one's files are all there with the sizes that it recorded."""
    found = {}
    for name in _WHEELS:
        try:
            found[name] = _is_whole(importlib.metadata.distribution(name))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _is_whole(distribution: importlib.metadata.Distribution) -> bool:
    for file in distribution.files or ():
        if file.parts[0] != "faiss" or file.size is None:  # compiled bytecode has no size
            continue
        path = str(file.locate())
        if not os.path.isfile(path) or os.path.getsize(path) != file.size:
            return False
    return True


def _remedy(wheels: dict[str, bool]) -> str:
    if not wheels:
        return "Install it: pip install faiss-cpu"
    again = "pip uninstall -y " + " ".join(wheels) + " && pip install faiss-cpu"
    if len(wheels) == 1:
        return f"Installed is {next(iter(wheels))}, in part. Install it again: {again}"
    return (
        f"Installed are {' and '.join(wheels)}, which write into the same folder, so that one replaces files of the "
        f"other. Keep one: {again}"
    )
