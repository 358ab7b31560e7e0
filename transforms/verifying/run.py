"""A run, looked at: what each stage that was begun wrote, against its own account and against run.json."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from transforms.atomic_writing import PARTIAL
from transforms.configuration import fingerprint
from transforms.datasets import ShardName, read_table
from transforms.errors import RunFolderError
from transforms.run_folder import RunState
from transforms.stages import ANNOTATE, PACK, REJECTS, STANDARDISE, VOCABULARY, Stage
from transforms.storage import StoragePath
from transforms.verifying.captions import check_captions
from transforms.verifying.embeddings import check_embeddings
from transforms.verifying.finding import Finding
from transforms.verifying.listing import folders_of, kept_embeddings, missing_files, sizes_below
from transforms.verifying.looked_at import check_audit, check_remix
from transforms.verifying.manifests import check_manifest, records_of
from transforms.verifying.tables import Read, check_shards, check_sums, check_unreadable, is_of_a_shard, read_whole
from transforms.vocabulary_folder import read_concepts, read_embeddings, read_groups, read_hubs, read_index

_BATCH = 256  # files under way at once: a listing of millions is not queued whole

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Verifier:
    """Looks at one run, ``threads`` files at a time; ``tell`` is called with the bytes of each that was read."""

    state: RunState
    threads: int
    tell: Callable[[int], None] = lambda _: None
    names: list[ShardName] | None = field(init=False, default=None)

    def stages(self) -> list[Stage]:
        """Those begun, in order."""
        return self.state.begun

    def total_bytes(self) -> int:
        """Of all that is to be read."""
        folders = [place for stage in self.stages() for place in folders_of(self.state.folder, stage)]
        return sum(size for place in folders for size in sizes_below(place).values())

    def findings(self) -> Iterator[Finding]:
        yield from self._check_record()
        root = self.state.folder.root
        with ThreadPoolExecutor(self.threads, "verify") as pool:
            for stage in self.stages():
                found = list(self._check_stage(stage, pool))
                if stage is PACK and any(one.path.relative_to(root).startswith(REJECTS) for one in found):
                    # a group's own state does not name the files of its rejects
                    found += [Finding(one.path, "", PACK, records_of(self.state)) for one in found]
                yield from _once(found)
            yield from _once(list(check_captions(self.state, self.names, functools.partial(_mapped, pool))))
        yield from check_audit(self.state)
        yield from check_remix(self.state)
        yield from _left_over(root, self.state.folder.under_repair)

    def _check_record(self) -> Iterator[Finding]:
        state, folder = self.state, self.state.folder
        if fingerprint(state.values["identity"]) != folder.fingerprint:
            yield Finding(folder.run_json, "has a fingerprint that is not that of the settings in it", None)
        if state.is_older:  # which wrote no list of its inputs
            return
        first = state.of(STANDARDISE).folder if STANDARDISE in state.begun else folder
        try:
            table = read_table(folder.inputs, first.fingerprint, ["source", "shard"])
            if PACK not in self.stages():  # which leaves no file of each
                columns = (table[name].to_pylist() for name in table.column_names)
                self.names = [ShardName(*row) for row in zip(*columns, strict=True)]
        except RunFolderError as error:
            seen = str(error).removeprefix(f"{folder.inputs} ").partition(". ")[0]
            yield Finding(folder.inputs, seen, None, (folder.inputs,))

    def _check_stage(self, stage: Stage, pool: ThreadPoolExecutor) -> Iterator[Finding]:
        state = self.state.of(stage)
        done = state.is_done(stage.name)
        if done:
            yield from missing_files(state, stage, self.names)
        read: list[Read] = []
        looked_at: Iterator[Read | Finding] = _mapped(pool, functools.partial(self._read, stage), self._tables(stage))
        for found in looked_at:
            if isinstance(found, Finding):
                yield found
            else:
                read.append(found)
        yield from check_shards(state, stage, read, None if self.names is None else set(self.names))
        if stage is VOCABULARY and done:
            yield from self._check_vocabulary()
        if done and stage is not VOCABULARY:
            yield from check_sums(state, stage, read)
        if stage is ANNOTATE and done:
            beside = kept_embeddings(state, self.names or [])
            for some in _mapped(pool, lambda one: check_embeddings(state.folder, *one), beside):
                yield from some
        if state.manifest_of(stage):
            yield from check_manifest(state, stage, lambda work, items: _mapped(pool, work, items), self.tell)

    def _tables(self, stage: Stage) -> Iterator[tuple[StoragePath, int]]:
        """The Parquet files of a stage that hold rows of a shard."""
        root = self.state.folder.root
        for place in folders_of(self.state.folder, stage):
            if stage.with_manifest == place.name or stage is VOCABULARY or place == self.state.folder.embeddings:
                continue
            for path, size in sorted(sizes_below(place).items()):
                if path.endswith(".parquet"):
                    yield StoragePath(path, root.root), size

    def _read(self, stage: Stage, file: tuple[StoragePath, int]) -> Read | Finding | None:
        path, size = file
        folder = self.state.of(stage).folder
        try:
            if is_of_a_shard(folder, stage, path):
                return read_whole(path, folder.fingerprint)
            read_table(path, folder.fingerprint)
            return None
        except RunFolderError as error:
            return check_unreadable(folder, stage, path, error)
        finally:
            self.tell(size)

    def _check_vocabulary(self) -> Iterator[Finding]:
        folder = self.state.folder
        remove = tuple(StoragePath(path, folder.root.root) for path in sizes_below(folder.vocabulary))
        try:
            read_embeddings(folder)
            read_index(folder)
            read_hubs(folder)
            read_groups(folder)
            rows = read_concepts(folder).num_rows
        except RunFolderError as error:
            yield Finding(
                folder.vocabulary, f"cannot be used: {str(error).partition('. Stage ')[0]}", VOCABULARY, remove
            )
            return
        counted = self.state.counts(VOCABULARY.name).rows_out
        if rows != counted:
            yield Finding(folder.vocabulary, f"holds {rows} concepts, run.json says {counted}", VOCABULARY, remove)


def _mapped(pool: ThreadPoolExecutor, work: Callable[[T], R | None], items: Iterable[T]) -> Iterator[R]:
    """``work`` of each item that comes to something, some hundreds under way at a time."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield from (found for found in pool.map(work, batch) if found is not None)


def _once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """What was seen first of each file, with all that any finding of it removes."""
    seen: dict[StoragePath, Finding] = {}
    for finding in findings:
        first = seen.setdefault(finding.path, finding)
        seen[finding.path] = dataclasses.replace(first, remove=tuple(dict.fromkeys(first.remove + finding.remove)))
    yield from seen.values()


def _left_over(root: StoragePath, mark: StoragePath) -> Iterator[Finding]:
    for path in sorted(sizes_below(root)):
        name, left = path.rpartition("/")[2], StoragePath(path, root.root)
        if PARTIAL in name:
            yield Finding(left, "was left half written", None, (left,))
        elif left == mark:
            yield Finding(left, "was left by a repair that was broken off", None, (left,))
