"""The packages that Evenweave consists of have everyday names; another of the same name may stand before ours."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec

_SIBLINGS = ("concept_vocab", "transforms", "model", "pipelines")


class ShadowedPackageError(ImportError):
    """A file of the user's, or of another distribution, is imported in place of one of Evenweave's packages."""


def check_siblings() -> None:
    """Raise ShadowedPackageError unless each package of ours lies beside this one; nothing is imported to find out."""
    ours = os.path.dirname(os.path.realpath(__file__))
    for name in _SIBLINGS:
        spec = _spec(name)
        if spec is None:
            raise ShadowedPackageError(
                f"evenweave needs its package {name!r}, which does not lie beside it in {os.path.dirname(ours)}: "
                "install evenweave again (pip install --force-reinstall --no-deps evenweave)",
                name=name,
            )
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        found = places[0] if places else "an unknown place"
        if _folder(found) != os.path.join(os.path.dirname(ours), name):
            been = "was imported" if name in sys.modules else "would be imported"
            raise ShadowedPackageError(
                f"{found} {been} as {name!r}, in place of Evenweave's package of that name beside {ours}. "
                f"Rename that file or folder, run from another folder, or put {os.path.dirname(ours)} before its "
                "folder on sys.path (PYTHONPATH).",
                name=name,
                path=found,
            )


def _spec(name: str) -> ModuleSpec | None:
    """What ``import name`` gives, or has given; a module without a spec is told by its file."""
    module = sys.modules.get(name)
    if module is None:
        return importlib.util.find_spec(name)
    found = getattr(module, "__file__", None)
    return module.__spec__ or ModuleSpec(name, None, origin=found)


def _folder(path: str) -> str:
    """The package's folder, links resolved: of ``a/model/__init__.py`` and of ``a/model`` it is ``a/model``."""
    real = os.path.realpath(path)
    return os.path.dirname(real) if os.path.basename(real) == "__init__.py" else real
