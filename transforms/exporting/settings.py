"""How the selected samples are cut into shards."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings


class ExportSettings(Settings):
    """How the balanced corpus is cut into shards, and in which order."""

    form: Literal["shards", "index"] = Field(
        "shards",
        description="shards: WebDataset tars with the images; index: of each input shard the keys, copies and weights "
        "of what was selected, for those who keep their own tars",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    name: str = Field(
        "evenweave",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="what the shards are called: <name>-000000.tar; a dot would confuse readers that split endings",
    )
    samples_per_shard: int = Field(10_000, ge=1, description="most samples in a shard; img2dataset's default")
    max_shard_bytes: int = Field(
        1_000_000_000,
        ge=1,
        description="most bytes of images in a shard (captions, JSON and tar headers, about 3 KB a sample, come on"
        " top); an image that is larger by itself gets a shard of its own",
    )
    shuffle_block_shards: int = Field(
        256,
        ge=1,
        description="input shards that are shuffled together: more mix better; fewer (4) for Parquet, whose row groups"
        " are decoded whole",
    )
    seed: int = Field(0, ge=0, description="another seed gives another order of the same samples")
    read_threads: int | None = Field(
        None,
        ge=1,
        description="images read at once by a worker; unset, 2 from disks, which keep up, and 64 from stores, which"
        " answer late",
        json_schema_extra=NOT_FINGERPRINTED,
    )
