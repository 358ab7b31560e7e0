"""Weights that lie at a URI, fetched once a machine: open_clip and transformers read files.

They lie in ``~/.cache/evenweave/weights``, or where ``EVENWEAVE_WEIGHTS`` says, each version by itself; workers of one
machine wait for the one that fetches.
"""

from __future__ import annotations

import os
import pathlib
import shutil

from filelock import FileLock
from rich.console import Console
from rich.text import Text

from transforms.annotating.settings import EncoderSettings
from transforms.configuration import fingerprint
from transforms.errors import ConfigError
from transforms.reading.retried_file import RetriedFile
from transforms.storage import StoragePath, StoredFile

_BLOCK_BYTES = 1 << 24


def at_hand(settings: EncoderSettings) -> EncoderSettings:
    """The same encoder, its model and weights on this machine; raises ConfigError where a URI names nothing."""
    pretrained = settings.pretrained and _local(settings.pretrained)
    return settings.model_copy(update={"model": _local(settings.model), "pretrained": pretrained})


def _local(name: str) -> str:
    """The path of what a URI names, a file or a folder; whatever is no URI stays as it is."""
    if "://" not in name:
        return name
    source = StoragePath.of(name)
    if not source.root:  # file://
        return source.path
    file = source.stored()
    files = [file] if file is not None else source.stored_below()
    if not files:
        raise ConfigError(f"there is no model and no weights at {name}")
    version = fingerprint(name, [(one.path.path, one.size_bytes, one.modified_ns) for one in files])
    kept = pathlib.Path(os.environ.get("EVENWEAVE_WEIGHTS", "~/.cache/evenweave/weights")).expanduser() / version
    target = kept / source.name
    if not target.exists():
        try:
            kept.mkdir(parents=True, exist_ok=True)
            with FileLock(kept / ".lock"):
                if not target.exists():  # by now
                    _fetch(source, files, target)
        except OSError as error:
            raise ConfigError(f"cannot fetch {name} to {target}: {error}") from error
    return str(target)


def _fetch(source: StoragePath, files: list[StoredFile], target: pathlib.Path) -> None:
    """To another name at first: what is at ``target`` is complete."""
    gigabytes = sum(one.size_bytes for one in files) / 1e9
    Console(stderr=True).print(Text(f"fetching {source}, {gigabytes:.1f} GB, to {target}"), soft_wrap=True)
    partial = target.with_name(f".fetched-{target.name}")
    shutil.rmtree(partial, ignore_errors=True)
    for one in files:
        path = partial if one.path == source else partial / one.path.relative_to(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        with RetriedFile(one.path, one.size_bytes) as stream, path.open("wb") as out:
            stream.plan([(0, one.size_bytes)])
            shutil.copyfileobj(stream, out, _BLOCK_BYTES)
    partial.rename(target)
