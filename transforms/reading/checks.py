"""A look at the inputs before work begins: what would end a run after hours is said in its first seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from transforms.reading.listing import InputShard
from transforms.reading.parquet import count_rows, refuse_paths
from transforms.reading.samples import read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts, Reason

#: Shards of a source that are looked into, from its first to its last: a format changes where another crawl begins.
_LOOKED_INTO = 5
#: A sample in a tar takes two blocks of 512 bytes at least: the header of its image, and one of its bytes.
_LEAST_SAMPLE_BYTES = 1024
#: Footers of as many Parquet files are read to count their rows; a second or two on an object store.
_COUNTED_FILES = 64
#: Keys that come again are rare where the samples of a tar stand whole, and half of all where its members are sorted
#: by ending.
_UNSORTED_SHARE = 0.01


def check_inputs(shards: Sequence[InputShard], sources: Mapping[str, SourceSettings]) -> None:
    """Read the first sample of some shards of each source; ``shards`` of one source stand together.

    Raises InputError for a file that is not of the source's format or is gone, for a column that is missing or of
    another type, and for Parquet with paths in place of images.
    """
    for name, members in groupby(shards, key=lambda shard: shard.source):
        for shard in _spread(list(members)):
            next(read_samples(shard, sources[name]), None)  # also says of a file that it is gone
            if shard.format == "parquet":
                refuse_paths(shard.path, sources[name])


def _spread(shards: list[InputShard]) -> list[InputShard]:
    """At most _LOOKED_INTO of them, the first and the last among them, at equal distances."""
    steps = min(_LOOKED_INTO, len(shards)) - 1
    return [shards[(len(shards) - 1) * step // max(steps, 1)] for step in range(steps + 1)]


def most_samples(shards: Sequence[InputShard]) -> dict[str, int | None]:
    """The most samples that each source can hold by what is cheap to know, None where that is nothing."""
    most: dict[str, int | None] = {}
    for name, members in groupby(shards, key=lambda shard: shard.source):
        group = list(members)
        if group[0].limit is not None:
            most[name] = sum(shard.limit or 0 for shard in group)
        elif group[0].format == "folder":
            most[name] = sum(len(shard.files) for shard in group)
        elif group[0].format == "webdataset":
            most[name] = sum(shard.size_bytes for shard in group) // _LEAST_SAMPLE_BYTES
        else:
            most[name] = sum(count_rows(shard.path) for shard in group) if len(group) <= _COUNTED_FILES else None
    return most


def hint(counts: Counts, formats: Iterable[str]) -> str | None:
    """What the counts of annotate say about the input as a whole, and how it is mended; None where nothing."""
    again = counts.rejects.get(Reason.DUPLICATE_KEY, 0)
    if "webdataset" not in formats or again < max(1, _UNSORTED_SHARE * counts.rows_in):
        return None
    parts = sum(counts.rejects.get(reason, 0) for reason in (Reason.MISSING_IMAGE, Reason.MISSING_CAPTION))
    return (
        f"{again} times the key of an earlier sample of the same shard came again (duplicate_key), and {parts} samples "
        "lack an image or a caption. The members of one sample must follow one another in a tar. Where they do not "
        "(`tar -tf SHARD.tar` lists them), sort them by name:\n"
        "  mkdir unpacked && tar -xf SHARD.tar -C unpacked && tar --sort=name -cf SORTED.tar -C unpacked ."
    )
