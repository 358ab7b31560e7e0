"""A run folder, opened: what made it, how far it has come, and what it holds, as Arrow tables and shards."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from transforms.browsing.comparing import Comparison, compare
from transforms.browsing.concepts import Order, order_rows, read_concept_counts
from transforms.browsing.rejects import read_left_out
from transforms.browsing.rows import joined, read_annotated, read_selected
from transforms.browsing.shards import require
from transforms.errors import RunFolderError
from transforms.exporting.manifest import read_manifest
from transforms.rejects import Counts
from transforms.run_folder import RunState
from transforms.stages import BALANCE, EXPORT, FIRST_AFTER_ANNOTATE
from transforms.storage import StoragePath

if TYPE_CHECKING:
    import webdataset


@dataclass(frozen=True)
class Stage:
    """One stage of a run. ``counts`` is None until the stage is done."""

    name: str
    is_done: bool
    counts: Counts | None


@dataclass(frozen=True)
class Run:
    """A run folder as run.json describes it at the time of opening.

    ``root`` is its path or URI, ``fingerprint`` that of the settings and inputs that made it, ``config`` the settings
    as resolved, ``stages`` those begun so far, in the order of their names in run.json. Tables of ``format_version`` 1,
    the one before, carry no checksums, so damage to them may not show.

    Tables come whole: a run that does not fit memory is read a shard at a time, by :meth:`annotation_shards`. Each
    method raises transforms.errors.RunFolderError where the stage that writes what it reads is not done, and for a
    file that is damaged. ``to_pandas()`` of a table gives the data frame.
    """

    root: str
    fingerprint: str
    config: Mapping[str, Any]
    stages: Mapping[str, Stage]
    format_version: str
    _state: RunState = field(repr=False, compare=False)

    def annotations(self, columns: Sequence[str] | None = None, kept: bool = False) -> pa.Table:
        """A row an image: ``columns`` (None: all) of what annotate found, sorted by source and shard.

        ``kept``: only rows that filter and deduplicate left, those that balance chose from.
        """
        return joined(self.annotation_shards(columns, kept))

    def annotation_shards(self, columns: Sequence[str] | None = None, kept: bool = False) -> Iterator[pa.Table]:
        """The same, a table an input shard."""
        return read_annotated(self._state, columns, BALANCE if kept else FIRST_AFTER_ANNOTATE)

    def selection(self, columns: Sequence[str] = ()) -> pa.Table:
        """A row a chosen image: source, shard, key, copies, inclusion_probability, and ``columns`` of its
        annotations."""
        return joined(read_selected(self._state, columns))

    def concepts(self, order: Order = "common") -> pa.Table:
        """The concept histogram, a row a concept: id, name, lang, images before balancing, in a plain random selection
        of the same size and after (count_before, count_random, count_after), weight, and ``gain``, by how much its
        share of the images grew.

        ``order``: "common" or "rare" before balancing, or "gain".
        """
        table = read_concept_counts(self._state)
        return table.take(order_rows(table, order))

    def rejects(self) -> pa.Table:
        """A row of stage, source, shard, key, reason and detail for each that is not in the balanced corpus."""
        return joined(read_left_out(self._state))

    def shard_paths(self) -> list[str]:
        """The balanced shards, in order: paths, or URIs where the run folder is one."""
        require(self._state, EXPORT, "its shards to be read")
        folder = self._state.folder
        if self._state.manifest_of(EXPORT) is None:
            raise RunFolderError(f"{folder.root} has no shards: it was built with export: index")
        manifest = read_manifest(folder.shards, folder.fingerprint)
        return [str(folder.shards / shard["file"]) for shard in manifest["shards"]]

    def webdataset(self, **options: Any) -> webdataset.WebDataset:
        """The balanced shards as a webdataset.WebDataset, in order unless ``options``, which are its own, say other.

        webdataset opens URIs by the tools that it knows (gsutil for gs://, and so on), not by pyarrow.
        """
        import webdataset

        return webdataset.WebDataset(self.shard_paths(), **{"shardshuffle": False, **options})

    def compare(self, other: Run) -> Comparison:
        """This run beside another: settings, counts, concepts, and how many of the chosen images are the same."""
        return compare(self._state, other._state)


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder at a path or URI (gs://, s3://, hdfs://).

    Raises transforms.errors.RunFolderError where there is none, or where its format version is none that is read.
    """
    state = RunState.read(StoragePath.of(path), older_too=True)
    stages = {name: _stage(name, state) for name in state.values["stages"]}
    return Run(
        str(state.folder.root), state.folder.fingerprint, state.values["config"], stages, state.format_version, state
    )


def compare_runs(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> Comparison:
    """Two run folders side by side; raises RunFolderError where balance of either is not done."""
    return open_run(first).compare(open_run(second))


def _stage(name: str, state: RunState) -> Stage:
    is_done = state.is_done(name)
    return Stage(name, is_done, state.counts(name) if is_done else None)
