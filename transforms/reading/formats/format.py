"""What a format of input is: everything that the stages ask of one, in one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import RawSample
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts, Reject
from transforms.storage import StoragePath, StoredFile


class StoredImages(Protocol):
    """The images of one shard, by ``member_offset``.

    ``takes_turns``: its reads share something, so that threads must wait for one another.
    """

    takes_turns: bool

    def read_into(self, member_offset: int, target: memoryview) -> int:
        """Fill ``target`` with the image, if that is its size; returns the size.

        Raises FileNotFoundError or IndexError where there is no such image (any more).
        """
        ...

    def close(self) -> None: ...


def fill(target: memoryview, data: bytes) -> int:
    """What :meth:`StoredImages.read_into` does with an image that is in memory."""
    if len(data) == len(target):
        target[:] = data
    return len(data)


def _no_fault(_: InputShard, __: SourceSettings) -> None:
    """Nothing to be found that reading the first sample does not find."""


def _no_hint(_: Counts) -> str | None:
    return None


class Found(NamedTuple):
    """What somebody points at: ``location``, all ``files`` there, and the ``first`` with an ending of the format."""

    location: StoragePath
    files: Sequence[StoragePath]
    first: StoragePath


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way in which samples are stored. A piece without a default that is left out is an error when it is declared.

    ``guess``, ``read`` and ``open_images`` raise InputError, naming the file, for one that is not of this format.
    """

    #: What a source of this format is, in a few words.
    about: str

    #: Of the files that are listed, lower case; one that is named outright may end as it likes.
    endings: tuple[str, ...]

    #: Files of the source → its shards, sorted by name; the number is how many single images make a virtual one.
    cut: Callable[[SourceSettings, Sequence[StoredFile], int], list[InputShard]]

    #: The settings that files of these endings tell of themselves; None where they are not of this format after all.
    guess: Callable[[Found], Mapping[str, str] | None]

    #: Every sample of a shard, in order, as itself or as a reject.
    read: Callable[[InputShard, SourceSettings], Iterator[RawSample | Reject]]

    #: The images that ``read`` gave, byte for byte, each by its ``member_offset``.
    open_images: Callable[[InputShard, SourceSettings], StoredImages]

    #: Whether an image is decoded together with its neighbours: then few large windows are exported, each shard read
    #: by one thread and closed behind it.
    decodes_groups: Callable[[SourceSettings], bool]

    #: Whether ``member_offset`` counts bytes of one file, in which images lie as they are: then neighbours may be read
    #: together, with what stands between them.
    offsets_are_bytes: bool

    #: The most samples that some shards of one source can hold, by what is cheap to know; None where that is nothing.
    most_samples: Callable[[Sequence[InputShard]], int | None]

    #: Whether ``most_samples`` are all of them.
    is_counted: bool

    #: A look before work at more than the first sample; raises InputError.
    check: Callable[[InputShard, SourceSettings], None] = _no_fault

    #: What the counts of annotate say about input of this format as a whole, and how it is mended.
    hint: Callable[[Counts], str | None] = _no_hint
