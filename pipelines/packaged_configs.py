"""The configurations that are shipped, and how the command line finds one of them from any folder."""

from __future__ import annotations

import difflib
import importlib.resources
import os

from transforms.errors import ConfigError
from transforms.storage import StoragePath

#: A real folder: the paths within a configuration (``../encoder/tiny``) lead to what lies beside it.
CONFIGS = str(importlib.resources.files("evenweave") / "configs")
_MOST_NEAR = 3


def find_config(path: str) -> str:
    """``path`` where there is such a file, else the shipped configuration of that name, with or without ``configs/``.

    Raises ConfigError where there is neither.
    """
    location = StoragePath.of(path)
    if location.is_file():
        return path
    name = path.removeprefix("./").removeprefix("configs/")
    shipped = shipped_configs()
    if name in shipped:
        return os.path.join(CONFIGS, name)
    near = difflib.get_close_matches(name, shipped, n=_MOST_NEAR, cutoff=0.5)
    raise ConfigError(
        f"no configuration file at {location}, and none of that name is shipped with evenweave"
        + (f". Did you mean {', '.join(near)}?" if near else f": there are {', '.join(shipped)}")
    )


def shipped_configs() -> list[str]:
    """Names below ``configs/`` of the YAML files, sorted: ``build/mini.yaml``."""
    files = StoragePath.of(CONFIGS).walk()
    return [file.relative_to(StoragePath.of(CONFIGS)) for file in files if file.name.endswith(".yaml")]
