"""Paths and URIs, on any file system that pyarrow reaches: local, gs://, s3://, hdfs://.

One small class in place of a path string, so that no other module asks where a file lies. Writes are atomic, by
:mod:`transforms.atomic_writing`: a file has its final name only when it is complete.
"""

from __future__ import annotations

import bisect
import contextlib
import fnmatch
import functools
import itertools
import operator
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.fs as pafs
from braceexpand import braceexpand

from transforms.atomic_writing import PARTIAL, OutputStream, write_by_put, write_by_rename
from transforms.errors import InputError

_OBJECT_STORES = ("s3", "gs", "gcs", "abfs", "abfss")
_CONNECTIONS = 64  # to a store, in flight at once
_GLOB_CHARACTERS = "*?["

#: Of files of one root; to compare the paths themselves takes five times as long.
_BY_PATH = operator.attrgetter("path.path")

_MOST_NAMED = 1_000_000  # paths that one pattern's braces stand for: the tars of 10 billion images


#: Of Arrow's clients, unless the URI has its own. s3: a small file is one call and not three. gs: the default is a
#: quarter of an hour, in which a command that reaches no network says nothing and hears no signal.
_OPTIONS = {
    "s3": ("allow_delayed_open", "true"),
    "gs": ("retry_limit_seconds", "120"),
    "gcs": ("retry_limit_seconds", "120"),
}


def _with_option(uri: str, name: str, value: str) -> str:
    return uri if f"{name}=" in uri else f"{uri}{'&' if '?' in uri else '?'}{name}={value}"


@functools.lru_cache(maxsize=64)
def _filesystem(scheme_and_host: str) -> pafs.FileSystem:
    if not scheme_and_host:
        return pafs.LocalFileSystem()
    scheme = scheme_and_host.partition("://")[0]
    uri = _with_option(scheme_and_host, *_OPTIONS[scheme]) if scheme in _OPTIONS else scheme_and_host
    if scheme in _OBJECT_STORES:  # Arrow keeps as many connections to a store as it has threads
        pa.set_io_thread_count(max(pa.io_thread_count(), _CONNECTIONS))
    filesystem, _ = pafs.FileSystem.from_uri(uri)
    return filesystem


@dataclass(frozen=True, order=True, slots=True)  # there may be millions
class StoragePath:
    """A file or folder; picklable, cheap to copy, joined with ``/``.

    ``root`` is empty for a local path, else ``scheme://host?options``; ``path`` is what the file system itself
    understands (for s3 and gs it begins with the bucket).
    """

    path: str
    root: str = ""

    @classmethod
    def of(cls, uri: str | os.PathLike[str] | StoragePath) -> StoragePath:
        """From a local path (made absolute) or a URI; raises InputError for a scheme that cannot be reached."""
        if isinstance(uri, StoragePath):
            return uri
        text = os.fspath(uri)
        if "://" not in text:
            return cls(absolute(text))
        if text.startswith("file://"):
            return cls(text.removeprefix("file://"))
        scheme, _, rest = text.partition("://")
        rest, question, options = rest.partition("?")
        host = rest.split("/", 1)[0]
        try:
            _filesystem(f"{scheme}://{host}{question}{options}")
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise InputError(f"cannot reach {text}: {error}") from error
        # hdfs paths are absolute on their name node; object stores name the bucket first
        path = rest[len(host) :] if scheme in ("hdfs", "viewfs") else rest
        return cls(path.rstrip("/"), f"{scheme}://{host}{question}{options}")

    def __truediv__(self, name: str) -> StoragePath:
        return StoragePath(posixpath.join(self.path, name), self.root)

    def __str__(self) -> str:
        if not self.root:
            return self.path
        scheme, _, rest = self.root.partition("://")
        host, question, options = rest.partition("?")
        prefix = f"{scheme}://{host}" if scheme in ("hdfs", "viewfs") else f"{scheme}://"
        return f"{prefix}{self.path}{question}{options}"

    @property
    def filesystem(self) -> pafs.FileSystem:
        return _filesystem(self.root)

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)

    @property
    def stem(self) -> str:
        return self.name.rsplit(".", 1)[0]

    @property
    def parent(self) -> StoragePath:
        return StoragePath(posixpath.dirname(self.path), self.root)

    def relative_to(self, folder: StoragePath) -> str:
        if self.path.startswith(f"{folder.path}/"):
            return self.path[len(folder.path) + 1 :]
        return posixpath.relpath(self.path, folder.path)

    def exists(self) -> bool:
        return bool(self._look(self.path).type != pafs.FileType.NotFound)

    def is_file(self) -> bool:
        return bool(self._look(self.path).type == pafs.FileType.File)

    def is_dir(self) -> bool:
        return bool(self._look(self.path).type == pafs.FileType.Directory)

    def size_bytes(self) -> int:
        return int(self._look(self.path).size)

    def delete(self) -> None:
        self.filesystem.delete_file(self.path)

    def remove(self) -> None:
        """A folder and all in it, or a file; where there is neither, nothing."""
        if self.is_dir():
            self.filesystem.delete_dir(self.path)
        elif self.is_file():
            self.delete()

    def open_random(self) -> pa.NativeFile:
        """For positioned reads."""
        return self.filesystem.open_input_file(self.path)

    def open_stream(self) -> pa.NativeFile:
        """For reading from start to end, buffered; no decompression by file ending."""
        return self.filesystem.open_input_stream(self.path, compression=None, buffer_size=1 << 20)

    def read_bytes(self) -> bytes:
        with self.filesystem.open_input_stream(self.path, compression=None) as stream:
            return bytes(stream.readall())

    def read_text(self) -> str:
        return self.read_bytes().decode("utf-8")

    def atomic_writer(self) -> contextlib.AbstractContextManager[OutputStream]:
        """A binary stream; the file takes its name when the block ends without an error, else it never appears.

        Raises RunFolderError where it cannot be written, in the block too; what else is raised there passes as it is.
        """
        write = write_by_put if self.is_in_object_store else write_by_rename
        return write(self.filesystem, self.path, str(self))

    @property
    def is_in_object_store(self) -> bool:
        """Where a file stands whole once it was put, and cannot be renamed but by a copy."""
        return self.root.partition("://")[0] in _OBJECT_STORES

    def write_bytes(self, data: bytes) -> None:
        with self.atomic_writer() as stream:
            stream.write(data)

    def write_text(self, text: str) -> None:
        self.write_bytes(text.encode("utf-8"))

    def keep_bytes(self, data: bytes) -> None:
        """Write them, unless they stand there already: files that are right stay untouched."""
        if not (self.is_file() and self.read_bytes() == data):
            self.write_bytes(data)

    def walk(self) -> list[StoragePath]:
        """Every complete file below this folder, sorted by path; empty where there is none."""
        return [path for path in self._files() if PARTIAL not in path.name]

    def stored(self) -> StoredFile | None:
        """This file; None where there is none."""
        return _stored(self._look(self.path), self.root)

    def stored_below(self) -> list[StoredFile]:
        """Every file below this folder, those half written among them, sorted by path: one look a folder, and on an
        object store none a file."""
        return sorted(self.each_below(), key=_BY_PATH)

    def each_below(self) -> Iterator[StoredFile]:
        """The same one by one, in any order: of files on this machine no list is held."""
        if self.root:
            yield from self._listed()
            return
        with self._looking():
            yield from (file for entry in _local_entries(self.path) if (file := _local_file(entry)))

    def remove_partials(self) -> None:
        """Delete what killed writers left below this folder; only while nothing writes there."""
        if not self.is_in_object_store:  # they leave nothing there
            self._delete(path for path in self._files() if PARTIAL in path.name)

    def remove_own_partials(self) -> None:
        """Delete what killed writers of this file left beside it; only while nothing writes it."""
        if self.is_in_object_store:
            return
        beside = self._look(pafs.FileSelector(self.parent.path, allow_not_found=True))
        names = [info.base_name for info in beside if info.base_name.startswith(self.name + PARTIAL)]
        self._delete(self.parent / name for name in names)

    def _delete(self, paths: Iterable[StoragePath]) -> None:
        for path in paths:
            with self._looking(), contextlib.suppress(FileNotFoundError):  # taken by its writer since it was listed
                path.delete()

    def _look(self, what: str | pafs.FileSelector) -> Any:
        """What the file system says of a path or below a folder; InputError where it does not answer or let us in."""
        with self._looking():
            return self.filesystem.get_file_info(what)

    @contextlib.contextmanager
    def _looking(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"cannot look at {self}: {error}. Check the path and your rights to it.") from error

    def _files(self) -> list[StoragePath]:
        if self.root:
            return [file.path for file in self.stored_below()]
        with self._looking():
            return [StoragePath(path) for path in sorted(entry.path for entry in _local_entries(self.path))]

    def _listed(self) -> Iterator[StoredFile]:
        infos = self._look(pafs.FileSelector(self.path, recursive=True, allow_not_found=True))
        return (file for info in infos if (file := _stored(info, self.root)))


class StoredFile(NamedTuple):
    """A file as a listing tells it. ``modified_ns``: when it was changed last, in nanoseconds since 1970; None where
    the store does not tell."""

    path: StoragePath
    size_bytes: int
    modified_ns: int | None


def _stored(info: pafs.FileInfo, root: str) -> StoredFile | None:
    if info.type != pafs.FileType.File:
        return None
    return StoredFile(StoragePath(info.path, root), info.size, info.mtime_ns)


def _local_file(entry: os.DirEntry[str]) -> StoredFile | None:
    try:
        about = entry.stat()
    except FileNotFoundError:  # gone since it was listed
        return None
    return StoredFile(StoragePath(entry.path), about.st_size, about.st_mtime_ns)


def _local_entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Files below a folder of this machine, with lone surrogates for bytes of names that are not UTF-8.

    Arrow's own walk ends at such names, and follows a link to a folder above it some forty times; here links are
    followed, but not upwards.
    """
    waiting: list[tuple[str, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    while waiting:
        path, above = waiting.pop()
        try:
            about = os.stat(path)
            if not stat.S_ISDIR(about.st_mode) or (about.st_dev, about.st_ino) in above:
                continue
            scanned = os.scandir(path)
        except FileNotFoundError:
            continue
        with_this = above | {(about.st_dev, about.st_ino)}
        with scanned as entries:  # one by one: what an entry keeps of a file is four times its name
            for entry in entries:
                with contextlib.suppress(OSError):  # a link that leads to itself
                    if entry.is_dir():
                        waiting.append((entry.path, with_this))
                    elif entry.is_file():
                        yield entry


def expand(pattern: str) -> list[StoragePath]:
    """The files that a path, a folder or a pattern names, sorted; ``**`` is not needed, folders are walked.

    A pattern with ``*``, ``?`` or ``[`` is matched against the whole path, so ``data/*.tar`` also finds tars in
    folders below ``data``. Braces stand for several paths, as in shells and in webdataset: ``{00000..00123}.tar``,
    ``{en,zh}/*.tar``; raises InputError where one of these names nothing.
    """
    return [file.path for file in find_files(pattern)]


def find_files(pattern: str) -> list[StoredFile]:
    """The same, as they were listed."""
    location = StoragePath.of(pattern)
    if (single := location.stored()) is not None:
        return [single]
    named = _without_braces(location)
    if len(named) == 1 and (single := named[0].stored()) is not None:
        return [single]
    files = [file for file in _common_folder(named).stored_below() if PARTIAL not in file.path.name]
    if len(named) == 1:
        return _of(named[0], files)
    found: set[StoredFile] = set()
    for path in named:
        matching = _of(path, files)
        if not matching:
            raise InputError(f"{pattern} names {path}, where there is nothing")
        found.update(matching)
    return sorted(found)


def _without_braces(location: StoragePath) -> list[StoragePath]:
    """The paths that a pattern's braces stand for; itself where they are part of a name."""
    if "{" not in location.path or location.is_dir():
        return [location]
    try:
        paths = list(itertools.islice(braceexpand(location.path, escape=False), _MOST_NAMED + 1))
    except ValueError:  # of unbalanced braces
        return [location]
    if len(paths) > _MOST_NAMED:
        raise InputError(f"{location} stands for more than {_MOST_NAMED} paths")
    return [StoragePath(path, location.root) for path in dict.fromkeys(paths)]


def _common_folder(named: list[StoragePath]) -> StoragePath:
    """The folder below which all of these files, folders and patterns lie."""
    parts = os.path.commonpath([path.path for path in named]).split("/")
    above = itertools.takewhile(lambda part: not _is_glob(part), parts)
    return StoragePath("/".join(above) or "/", named[0].root)


def _of(path: StoragePath, files: list[StoredFile]) -> list[StoredFile]:
    """Those of the sorted ``files`` that a file, folder or pattern names."""
    if _is_glob(path.path):
        return [file for file in files if fnmatch.fnmatchcase(file.path.path, path.path)]
    by_path = operator.attrgetter("path")
    first, end = (bisect.bisect_left(files, path / before, key=by_path) for before in ("", "\U0010ffff"))
    at = bisect.bisect_left(files, path, key=by_path)
    return files[at : at + 1] if [file.path for file in files[at : at + 1]] == [path] else files[first:end]


def _is_glob(path: str) -> bool:
    return any(character in path for character in _GLOB_CHARACTERS)


def absolute(uri: str) -> str:
    """A local path made absolute; a URI as it is."""
    return uri if "://" in uri else os.path.abspath(os.path.expanduser(uri))
