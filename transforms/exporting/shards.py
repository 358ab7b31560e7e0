"""Writing one output shard: order its rows, read its images, append its members, leave its statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa

from transforms.exporting import energon
from transforms.exporting.images import ImagePlaces, read_images
from transforms.exporting.manifest import ShardStats, shard_file, write_stats
from transforms.exporting.members import UNDETERMINED, describe
from transforms.exporting.rows import read_concept_names
from transforms.exporting.settings import ExportSettings
from transforms.exporting.tar_writer import TarStream
from transforms.reading.settings import SourceSettings
from transforms.reading.shards import InputShard
from transforms.run_folder import RunFolder


def write_shard(
    folder: RunFolder,
    settings: ExportSettings,
    sources: Mapping[str, SourceSettings],
    number: int,
    parts: Iterable[tuple[InputShard, pa.Table]],
) -> ShardStats:
    """Write output shard ``number`` from its rows of each input shard, given in any order.

    The tar appears first, then Energon's index of it, then the statistics that say that both are whole.
    """
    inputs, samples = _in_order(parts)
    file = shard_file(settings.name, number)
    images = read_images(inputs, sources, ImagePlaces.of(samples), settings.read_threads)
    offsets = []
    with (folder.shards / file).atomic_writer() as stream:
        tar = TarStream(stream)
        for image, about in zip(images, describe(samples, read_concept_names(folder.vocabulary)), strict=True):
            offsets.append(tar.offset_bytes)
            tar.add(f"{about.name}.{about.image_format}", image)
            if about.caption is not None:
                tar.add(f"{about.name}.txt", about.caption)
            tar.add(f"{about.name}.json", about.json)
        offsets.append(tar.offset_bytes)
        sha256 = tar.finish()
    energon.write_index(folder.shards, file, offsets)
    stats = ShardStats(
        file=file,
        samples=len(samples),
        bytes=tar.offset_bytes,
        sha256=sha256,
        sources=_tally(samples, "source"),
        languages=_tally(samples, "lang"),
        formats=_tally(samples, "format"),
    )
    write_stats(folder.shards, stats, folder.fingerprint)
    return stats


def _in_order(parts: Iterable[tuple[InputShard, pa.Table]]) -> tuple[list[InputShard], pa.Table]:
    """The input shards, sorted, and all rows by place, with the column ``part``: the index of the input shard."""
    in_order = sorted(parts, key=lambda part: (part[0].source, part[0].name))
    tables = [
        table.append_column("part", pa.array([index] * len(table), pa.int64()))
        for index, (_, table) in enumerate(in_order)
    ]
    # part, key and copy decide only between samples whose 64-bit ids collide
    by = [(column, "ascending") for column in ("place", "part", "key", "copy")]
    return [shard for shard, _ in in_order], pa.concat_tables(tables).sort_by(by)


def _tally(samples: pa.Table, column: str) -> dict[str, int]:
    return dict(sorted(Counter(value or UNDETERMINED for value in samples.column(column).to_pylist()).items()))
