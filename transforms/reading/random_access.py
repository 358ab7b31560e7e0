"""The original bytes of chosen images, by positioned reads."""

from __future__ import annotations

import contextlib
import threading

from transforms.errors import InputError
from transforms.reading.formats import FORMATS
from transforms.reading.input_shard import InputShard
from transforms.reading.settings import SourceSettings


class ImageReader:
    """Images of one shard by ``member_offset`` and ``member_bytes`` of its samples, exactly as they are stored.

    A context manager. Threads may share one reader; their reads take turns, but not those of files in a store. Read in
    order of offsets: of Parquet a whole row group is decoded at once, and only the last ones are kept.
    """

    def __init__(self, shard: InputShard, source: SourceSettings) -> None:
        self._shard = shard
        try:
            self._images = FORMATS[shard.format].open_images(shard, source)
        except FileNotFoundError as error:
            raise InputError(f"source {shard.source}: {shard.path} is gone since it was annotated") from error
        self._turn = threading.Lock() if self._images.takes_turns else contextlib.nullcontext()

    def read(self, member_offset: int, member_bytes: int) -> bytes:
        """Raises InputError when the file is not the one that was annotated, InputReadError when it cannot be read."""
        data = bytearray(member_bytes)
        self.read_into(member_offset, memoryview(data))
        return bytes(data)

    def read_into(self, member_offset: int, target: memoryview) -> None:
        """Put the image where it is wanted; ``target`` has its size. Raises as :meth:`read` does."""
        with self._turn:
            try:
                found_bytes = self._images.read_into(member_offset, target)
            except (FileNotFoundError, IndexError) as error:
                raise InputError(f"{self._shard.path}: no image {member_offset}: the input was changed") from error
        if found_bytes != len(target):
            raise InputError(
                f"{self._shard.path}: image {member_offset} has {found_bytes} bytes, had {len(target)} when it was "
                "annotated: the input was changed"
            )

    def close(self) -> None:
        self._images.close()

    def __enter__(self) -> ImageReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
