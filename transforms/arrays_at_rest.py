"""Large arrays at rest: an .npy written without a second copy in memory, and read where it lies.

On a disk of this machine a file is mapped: its pages are in memory once, however many workers read it.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from transforms.at_rest import damaged, read_data
from transforms.storage import StoragePath

_HEADER_BYTES = 1 << 12  # of an .npy; some 128 are written
_PIECE_BYTES = 1 << 24


def write_rows(path: StoragePath, shape: tuple[int, int], blocks: Iterable[NDArray[np.float32]]) -> str:
    """(rows, width) float32, block by block, as :func:`numpy.save` writes them; returns the xxh3-64 of the file."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    digest = xxhash.xxh3_64()
    pieces: Iterable[Any] = itertools.chain([header.getvalue()], map(_bytes_of, blocks))
    with path.atomic_writer() as stream:
        for piece in pieces:
            stream.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def write_array(path: StoragePath, array: NDArray[np.float32]) -> str:
    """A whole array of two dimensions; returns the xxh3-64 of the file."""
    rows = max(1, _PIECE_BYTES // max(1, array.shape[1] * array.itemsize))
    return write_rows(path, array.shape, (array[start : start + rows] for start in range(0, len(array), rows)))


def _bytes_of(block: NDArray[np.float32]) -> Any:
    return np.ascontiguousarray(block, "<f4").data.cast("B")


def read_mapped(path: StoragePath) -> memoryview:
    """The bytes of a file that ought to be there, not to be written to. Raises RunFolderError where they are not."""
    if path.root or not path.is_file() or not path.size_bytes():  # nothing is not mapped
        return memoryview(read_data(path))
    try:
        with pa.memory_map(path.path) as file:
            return memoryview(file.read_buffer())
    except FileNotFoundError as error:
        raise damaged(path, "is missing") from error
    except OSError as error:
        raise damaged(path, f"cannot be read: {error}") from error


def as_array(path: StoragePath, data: memoryview) -> NDArray[np.generic]:
    """What :func:`read_mapped` gave of an .npy, without a copy. Raises RunFolderError where it is none."""
    try:
        head = io.BytesIO(data[:_HEADER_BYTES])
        version = np.lib.format.read_magic(head)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(head)
        if dtype.hasobject:
            raise ValueError("it holds objects")
        array = np.frombuffer(data[head.tell() :], dtype)
        return array.reshape(shape, order="F" if is_fortran else "C")
    except (ValueError, EOFError) as error:
        raise damaged(path, f"cannot be read: {error}") from error
