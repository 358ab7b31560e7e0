"""The inputs of a run as a table: which shards there are, and what tells the version of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from transforms.storage import StoragePath

#: inputs.parquet. ``version`` as :mod:`transforms.reading.versions` has it.
INPUTS = pa.schema(
    [
        ("source", pa.string()),
        ("shard", pa.string()),
        ("path", pa.string()),
        ("size_bytes", pa.int64()),
        ("version", pa.string()),
    ]
)


class VersionedInput(Protocol):
    """A shard or a part of one, as it was listed."""

    @property
    def source(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> StoragePath: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def version(self) -> str: ...


def inputs_table(inputs: Sequence[VersionedInput]) -> pa.Table:
    """The inputs as they are now, a row each, in their order."""
    return pa.table(
        {
            "source": [one.source for one in inputs],
            "shard": [one.name for one in inputs],
            "path": [str(one.path) for one in inputs],
            "size_bytes": [one.size_bytes for one in inputs],
            "version": [one.version for one in inputs],
        },
        schema=INPUTS,
    )
