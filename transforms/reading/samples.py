"""The samples of a shard, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from transforms.errors import InputError
from transforms.reading.formats import FORMATS
from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import RawSample
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject

__all__ = ["RawSample", "read_samples"]


def read_samples(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every sample of the shard up to its limit, in order, as itself or as a reject: so counts add up.

    Raises InputError, naming the file, when it is gone or cannot be read at all as the format it should have.
    """
    try:
        yield from islice(FORMATS[shard.format].read(shard, source), shard.limit)
    except FileNotFoundError as error:
        raise InputError(f"source {shard.source}: {shard.path} is gone since it was listed") from error
