"""The samples of a shard, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from transforms.errors import InputError
from transforms.reading.folder import read_folder
from transforms.reading.listing import InputShard
from transforms.reading.parquet import read_parquet
from transforms.reading.raw_sample import RawSample
from transforms.reading.settings import SourceSettings
from transforms.reading.webdataset import read_webdataset
from transforms.rejects import Reject

__all__ = ["RawSample", "read_samples"]

_READERS: dict[str, Callable[[InputShard, SourceSettings], Iterator[RawSample | Reject]]] = {
    "webdataset": read_webdataset,
    "parquet": read_parquet,
    "folder": read_folder,
}


def read_samples(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every sample of the shard up to its limit, in order, as itself or as a reject: so counts add up.

    Raises InputError, naming the file, when it is gone or cannot be read at all as the format it should have.
    """
    try:
        yield from islice(_READERS[shard.format](shard, source), shard.limit)
    except FileNotFoundError as error:
        raise InputError(f"source {shard.source}: {shard.path} is gone since it was listed") from error
