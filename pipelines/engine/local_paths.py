"""Paths of a job that only this machine has: refused before a job is handed to machines that would not find them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from transforms.configuration import Settings, texts
from transforms.errors import ConfigError
from transforms.storage import absolute

#: What is meant for this machine: how a job is run, with its jars and folders; and the replies of models, which are
#: asked for and judged here.
_OF_THIS_MACHINE = ("runner", "asking")

#: Which may name files, of whatever stage.
_OF_AN_ENCODER = ("encoder.model", "encoder.pretrained")


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
    """Settings make the paths of inputs absolute when they are read; those of output and encoder they leave as they
    are."""
    for key, text in texts(settings.model_dump(mode="json", by_alias=True)):
        section = key.partition(".")[0]
        # what an encoder is called may be a name of a hub as well
        is_relative = key == "output" or (key.endswith(_OF_AN_ENCODER) and os.path.exists(text))
        path = absolute(text) if is_relative and "://" not in text else text
        if path.startswith(("/", "file://")) and section not in _OF_THIS_MACHINE:
            yield key, path.removeprefix("file://")
