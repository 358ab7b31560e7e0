"""Embeddings that were made before, in place of encoding: found by key in the files of clip-retrieval, or our own.

A folder holds ``img_emb/*.npy``, (N, D) of float16 or float32, and as many ``metadata/*.parquet``, in the same order of
names, of N rows each: what a row is of stands in ``image_path``, clip-retrieval's name for a key, or else in ``key``.
In our own files a key need be unique in its shard only; another's column ``shard`` is whatever its source said.

A worker keeps 16 bytes a row of all files, and reads the rows of a shard where they lie.

Shape legend: N rows of one file, R rows of all, D embedding width.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from transforms.errors import InputError
from transforms.keyed import hash64
from transforms.storage import StoragePath

_KEY_COLUMNS = ("image_path", "key")
_DTYPES = (np.dtype(np.float16), np.dtype(np.float32))
_HEADER_BYTES = 1 << 12  # of an .npy; some 128 are written


@dataclass(frozen=True)
class _Part:
    """One .npy, of which the array begins at ``offset``, and the table of its rows."""

    vectors: StoragePath
    about: StoragePath
    rows: int
    width: int
    dtype: np.dtype[Any]
    offset: int


class ImportedEmbeddings:
    """The embeddings of one source, by shard and key."""

    def __init__(self, source: str, folder: str, width: int) -> None:
        """Reads all keys. Raises InputError for what :func:`check_embeddings` refuses, another width than the
        encoder's, ``width``, and a key that stands twice."""
        self._source, self._folder = source, folder
        self._parts = list_parts(source, folder)
        if self._parts[0].width != width:
            raise self._error(f"holds embeddings of width {self._parts[0].width}, the encoder's have {width}")
        self._begins = np.cumsum([0, *(part.rows for part in self._parts)])
        self._has_shards = _is_ours(self._parts[0])
        ids = np.fromiter(self._ids(), np.uint64, count=int(self._begins[-1]))
        self._order = np.argsort(ids, kind="stable")  # (R,)
        self._sorted = ids[self._order]
        again = np.flatnonzero(self._sorted[1:] == self._sorted[:-1])
        if len(again):
            raise self._error(f"names a key twice: {self._key_of(int(self._order[again[0] + 1]))!r}")

    def rows(self, shard: str, keys: Sequence[str]) -> NDArray[np.float32]:
        """(len(keys), D), rows of length 1; raises InputError naming a key that has none, or one without a length."""
        ids = np.fromiter((self._id(shard, key) for key in keys), np.uint64, count=len(keys))
        places = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        if len(missing := np.flatnonzero(self._sorted[places] != ids)):
            raise self._error(f"holds no embedding of {keys[missing[0]]!r}, a sample of shard {shard}")
        found = self._read(self._order[places])
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        if len(bad := np.flatnonzero(~(np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)))):
            raise self._error(f"holds an embedding of {keys[bad[0]]!r}, of shard {shard}, that has no direction")
        return np.asarray(found / lengths, np.float32)

    def _read(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """(len(numbers), D) rows of all files, counted through; neighbours are read together."""
        found = np.empty((len(numbers), self._parts[0].width), np.float32)
        order = np.argsort(numbers)
        owners = np.searchsorted(self._begins, numbers[order], side="right") - 1
        for owner in np.unique(owners).tolist():
            part, wanted = self._parts[owner], order[owners == owner]
            rows = numbers[wanted] - self._begins[owner]
            row_bytes = part.width * part.dtype.itemsize
            with part.vectors.open_random() as file:
                for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1):
                    data = file.read_at(row_bytes * len(run), part.offset + row_bytes * int(rows[run[0]]))
                    found[wanted[run]] = np.frombuffer(data, part.dtype).reshape(len(run), part.width)
        return found

    def _ids(self) -> Iterator[int]:
        for part in self._parts:
            columns = _columns(part)
            key = next(name for name in _KEY_COLUMNS if name in columns)
            table = _table(part, [key, *(["shard"] if self._has_shards else [])])
            shards = table["shard"].to_pylist() if self._has_shards else [""] * part.rows
            for shard, name in zip(shards, table[key].to_pylist(), strict=True):
                yield self._id(shard, name)

    def _id(self, shard: str | None, key: str | None) -> int:
        return hash64(shard or "", key or "") if self._has_shards else hash64(key or "")

    def _key_of(self, number: int) -> str:
        owner = int(np.searchsorted(self._begins, number, side="right")) - 1
        part = self._parts[owner]
        key = next(name for name in _KEY_COLUMNS if name in _columns(part))
        return str(_table(part, [key])[key][number - int(self._begins[owner])].as_py())

    def _error(self, what: str) -> InputError:
        return InputError(
            f"source {self._source}: {self._folder} {what}. Mend it, or leave embeddings out, to have images encoded."
        )


def list_parts(source: str, folder: str) -> list[_Part]:
    """Raises InputError where files of vectors and of metadata are not as many, or not of as many rows, where a column
    of keys is missing, and for arrays that are no embeddings or of another width than the first."""

    def fault(path: StoragePath, what: str) -> InputError:
        return InputError(f"source {source}: {path} {what}. Mend embeddings, or leave it out.")

    root = StoragePath.of(folder)
    vectors = [path for path in (root / "img_emb").walk() if path.name.endswith(".npy")]
    about = [path for path in (root / "metadata").walk() if path.name.endswith(".parquet")]
    if not vectors or len(vectors) != len(about):
        raise fault(root, f"holds {len(vectors)} img_emb/*.npy and {len(about)} metadata/*.parquet, to be as many")
    parts: list[_Part] = []
    for array, table in zip(vectors, about, strict=True):
        try:
            part = _part(array, table)
            columns, rows = _columns(part), _rows(part)
        except (ValueError, pa.ArrowException, OSError) as error:
            raise fault(array, f"and {table.name} cannot be read: {error}") from error
        if part.dtype not in _DTYPES or part.width != (parts[0].width if parts else part.width):
            raise fault(array, f"holds {part.dtype} of width {part.width}; float16 or float32 of one width are read")
        if rows != part.rows:
            raise fault(array, f"has {part.rows} rows, {table.name} has {rows}")
        if not set(_KEY_COLUMNS) & set(columns):
            raise fault(table, f"has no column {' or '.join(_KEY_COLUMNS)}, only {', '.join(columns)}")
        parts.append(part)
    return parts


def _part(vectors: StoragePath, about: StoragePath) -> _Part:
    size = vectors.size_bytes()
    with vectors.open_random() as file:
        head = io.BytesIO(file.read_at(min(size, _HEADER_BYTES), 0))
        version = np.lib.format.read_magic(head)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(head)
        offset = head.tell()
    if len(shape) != 2 or is_fortran or offset + shape[0] * shape[1] * dtype.itemsize != size:
        raise ValueError(f"an array of shape {shape} in {size} bytes is no table of vectors")
    return _Part(vectors, about, shape[0], shape[1], dtype, offset)


def _columns(part: _Part) -> list[str]:
    with part.about.open_random() as file:
        names: list[str] = pq.read_schema(file).names
    return names


def _is_ours(part: _Part) -> bool:
    """Told by what :func:`transforms.datasets.write_table` leaves in the footer."""
    with part.about.open_random() as file:
        return b"fingerprint" in (pq.read_schema(file).metadata or {})


def _rows(part: _Part) -> int:
    with part.about.open_random() as file:
        return int(pq.read_metadata(file).num_rows)


def _table(part: _Part, columns: list[str]) -> pa.Table:
    with part.about.open_random() as file:
        return pq.read_table(file, columns=columns)
