"""What counts as the same image."""

from __future__ import annotations

from pydantic import Field

from transforms.configuration import NOT_FINGERPRINTED, Settings


class DeduplicateSettings(Settings):
    """Exact duplicates share the hash of their bytes; near ones differ in a few bits of their perceptual hash."""

    exact: bool = Field(True, description="drop images whose bytes are those of another")
    near: bool = Field(True, description="drop images whose perceptual hash is near another's")
    max_hamming_distance: int = Field(
        3, ge=0, le=8, description="bits of 64 in which two perceptual hashes may differ and still be one image"
    )
    seed: int = Field(0, description="decides which copy stays")
    partitions: int | None = Field(
        None,
        ge=1,
        description="parts that hashes are compared in, of each kind; null: by the number of rows, 4 million in each. "
        "Rows of all shards / partitions must fit a worker's memory, at 32 bytes a row",
        json_schema_extra=NOT_FINGERPRINTED,
    )
