"""Where documents come from, and in which layout packs are written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.packing.documents.video_bytes import VideoSampling

__all__ = ["Layout", "PackSource", "PackedShardSettings", "VideoSampling"]

Layout = Literal["native", "llava-ov-1.5", "messages"]


class PackSource(Settings):
    """One source of documents. ``path`` has no part in the fingerprint: the listing of inputs has."""

    name: str = Field(..., pattern=r"^[a-z0-9_]+$", description="name of the source in file names and in each document")
    format: Literal["webdataset", "conversations", "mixture"] = Field(
        ...,
        description="webdataset: images with captions in tars, as evenweave export or img2dataset write them; "
        "conversations: JSON or JSON Lines records of instruction sets, their images and videos in files beside them; "
        "mixture: the tars that evenweave instruct publishes",
    )
    path: str = Field(
        ..., min_length=1, description="file, folder or glob pattern, or a URI", json_schema_extra=NOT_FINGERPRINTED
    )
    media: str | None = Field(
        None,
        description="conversations only: the folder that images and videos are named from; null: that of the records",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    media_prefix: str = Field(
        "", description="conversations only: left out at the beginning of names, where records keep another's folders"
    )
    verify_images: bool = Field(
        False,
        description="decode every image once, so that a damaged one is a reject now and no error in training; shards "
        "of evenweave export hold images that were decoded already",
    )
    license: str = Field("unknown", description="licence of the source, kept in packing.json")


class PackedShardSettings(Settings):
    """How packs are cut into shards."""

    name: str = Field(
        "packs",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="what the shards are called: <name>-000000.tar; a dot would confuse readers that split endings",
    )
    max_shard_bytes: int = Field(
        1_000_000_000, ge=1, description="a shard is closed when it holds this much; a pack is never cut"
    )
    read_threads: int = Field(
        4,
        ge=1,
        description="packs whose images are read at once by a worker; raise it for object stores",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    range_bytes: int = Field(
        64 << 20, ge=1, description="conversations in JSON Lines: a file is read in ranges of this size, like shards"
    )
