"""A bz2 file read from any of its streams on, so that workers share one dump.

Wikimedia's multistream dumps hold a stream of bz2 for each hundred pages, and parallel compressors write such files
too; a stream begins at a byte, with ``BZh``, a digit and the 48 bits of a block's beginning, which chance puts
somewhere else once in 10^15 bytes. A dump of one stream has one part, whatever its size.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from concept_vocab.source_file import SourceFile
from concept_vocab.vocabulary import VocabularyError

#: https://en.wikipedia.org/wiki/Bzip2#File_format: signature, then the magic of a block, π in binary-coded decimals.
_STREAM = re.compile(rb"BZh[1-9]1AY&SY")
_STREAM_BYTES = 10
_READ_BYTES = 1 << 20


class Part(NamedTuple):
    """Those streams of a file that begin in [start, end)."""

    file: SourceFile
    start: int  # bytes
    end: int


class Chunk(NamedTuple):
    """A piece of what was compressed. ``is_own``: of a stream that begins in the part, and not behind it."""

    data: bytes
    is_own: bool


def cut(file: SourceFile, part_bytes: int) -> list[Part]:
    """Equal parts of ``part_bytes`` at most, in order, that together are the file."""
    size = file.size_bytes()
    return [Part(file, start, min(start + part_bytes, size)) for start in range(0, size, part_bytes)]


def read_from(part: Part) -> Iterator[Chunk]:
    """What the part's streams hold, and behind it, ``is_own`` false, what those after it hold, to the end of the file.

    Nothing where no stream begins in the part. Raises VocabularyError for what is no bz2, is damaged or is cut short.
    """
    with part.file.open_random() as opened:
        start = _first_stream(opened, part)
        if start is None:
            if part.start == 0 and part.end > 0:
                raise VocabularyError(
                    f"{part.file.name} is no bz2: it does not begin with a stream. Name a dump as it is published"
                )
            return
        yield from _decompress(opened, start, part)


def _first_stream(opened: Any, part: Part) -> int | None:
    """Where the first stream of the part begins."""
    for at in range(part.start, part.end, _READ_BYTES):
        opened.seek(at)
        found = _STREAM.search(bytes(opened.read(_READ_BYTES + _STREAM_BYTES - 1)))
        if found and at + found.start() < part.end:
            start = at + found.start()
            return start if part.start or start == 0 else None  # a file begins with a stream, or is none of bz2's
    return None


def _decompress(opened: Any, start: int, part: Part) -> Iterator[Chunk]:
    opened.seek(start)
    data, read_to = b"", start
    while True:  # a turn a stream
        if not data:
            data = bytes(opened.read(_READ_BYTES))
            read_to += len(data)
        if not data:
            return
        stream_start = read_to - len(data)
        decompressor = bz2.BZ2Decompressor()
        while not decompressor.eof:
            if not data:
                data = bytes(opened.read(_READ_BYTES))
                read_to += len(data)
            if not data:
                raise VocabularyError(
                    f"{part.file.name} is cut short: the stream of bz2 that begins at byte {stream_start} does not "
                    "end. Download it again."
                )
            try:
                text = decompressor.decompress(data)
            except OSError as error:
                raise VocabularyError(
                    f"{part.file.name} is damaged behind byte {stream_start}: {error}. Download it again"
                ) from error
            data = decompressor.unused_data
            if text:
                yield Chunk(text, stream_start < part.end)
