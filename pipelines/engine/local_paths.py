"""Paths of a job that only this machine has: refused before a job is handed to machines that would not find them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from transforms.configuration import Settings
from transforms.errors import ConfigError
from transforms.storage import absolute

#: What is meant for this machine: how a job is run, with its jars and folders; and the replies of models, which are
#: asked for and judged here.
_OF_THIS_MACHINE = ("runner", "asking")


def refuse_local_paths(settings: Settings, shared_folders: Sequence[str], where: str) -> None:
    """Raises ConfigError naming every path of ``settings`` that lies on this machine outside ``shared_folders``."""
    shared = [absolute(folder) for folder in shared_folders]
    found = [
        f"  {key}: {path}"
        for key, path in _local_paths(settings)
        if not any(path == folder or path.startswith(f"{folder}/") for folder in shared)
    ]
    if found:
        raise ConfigError(
            f"{where} runs on other machines, which do not see what lies on this one:\n"
            + "\n".join(found)
            + "\nUse gs://, s3:// or hdfs://, or name in runner.shared_folders what each machine has at the same path."
        )


def _local_paths(settings: Settings) -> Iterator[tuple[str, str]]:
    """Settings make the paths of inputs absolute when they are read; that of the output they leave as it is."""
    for key, value in settings.model_dump(mode="json", by_alias=True).items():
        if key == "encoder":
            yield from ((f"{key}.{name}", absolute(one)) for name, one in value.items() if _is_here(one))
        elif key == "output":
            yield from _found_in(key, absolute(value))
        elif key not in _OF_THIS_MACHINE:
            yield from _found_in(key, value)


def _is_here(value: Any) -> bool:
    """Of what may be a name of a hub as well."""
    return isinstance(value, str) and "://" not in value and os.path.exists(value)


def _found_in(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _found_in(f"{key}.{name}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _found_in(f"{key}.{number}", inner)
    elif isinstance(value, str) and (value.startswith("/") or value.startswith("file://")):
        yield key, value.removeprefix("file://")
