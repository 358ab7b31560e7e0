"""The shards of a run, and reading many of them at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from transforms import keyed
from transforms.datasets import ShardName
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder, RunState
from transforms.stages import Stage
from transforms.storage import StoragePath

_READERS = 16  # threads: remote reads mostly wait
_AHEAD = 64  # shards under way at once: results wait in order, and those of a million are not kept

T = TypeVar("T")
R = TypeVar("R")


def require(state: RunState, stage: Stage, purpose: str) -> None:
    """Raises RunFolderError where ``stage`` has not run, or was cut short; ``purpose`` is what needs it."""
    if not state.is_done(stage.name):
        reached = state.values["stages"].get(stage.name, {}).get("state")
        was = "has not run" if reached is None else f"is {reached}, not done"
        raise RunFolderError(
            f"{state.folder.root} is not ready for {purpose}: stage {stage.name} {was}. "
            "Run the same build command again: it goes on where it stopped."
        )


def list_annotated(folder: RunFolder) -> list[ShardName]:
    """Every annotated shard, so ordered that any beginning of the list samples all sources evenly.

    The order within a source is keyed: varied, and the same whenever the run is looked at.
    """
    by_source: dict[str, list[ShardName]] = {}
    for name, _ in shard_files(folder.root / "annotations"):
        by_source.setdefault(name.source, []).append(name)
    placed = []
    for source, names in by_source.items():
        names.sort(key=lambda name: (keyed.hash64("report", *name), name))
        placed += [(index / len(names), source, name) for index, name in enumerate(names)]
    return [name for *_, name in sorted(placed)]


def shard_files(root: StoragePath) -> Iterator[tuple[ShardName, StoragePath]]:
    """The Parquet files below ``root``, each of one input shard, sorted by path; none where it is not there."""
    for path in root.walk():
        source, _, file = path.relative_to(root).partition("/")
        yield ShardName(source, file.removesuffix(".parquet")), path


def read_each(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """``work`` of each item, in order, several at a time."""
    iterator = iter(items)
    with ThreadPoolExecutor(_READERS, "browse") as readers:
        while batch := list(itertools.islice(iterator, _AHEAD)):
            yield from readers.map(work, batch)
