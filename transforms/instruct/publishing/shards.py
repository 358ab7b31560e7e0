"""One output shard in each of the formats that are asked for, with its statistics beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from transforms.datasets import UNDETERMINED
from transforms.exporting import energon
from transforms.exporting.manifest import ShardStats, read_stats, shard_file, stats_path, write_stats
from transforms.hashed_stream import HashedStream
from transforms.instruct.publishing.medium_bytes import MediumReader
from transforms.instruct.publishing.parquet_shard import ParquetShard
from transforms.instruct.publishing.sample import Sample, endings, to_json
from transforms.instruct.publishing.settings import Format
from transforms.storage import StoragePath
from transforms.tar.writer import TarStream

ENDINGS: dict[Format, str] = {"webdataset": ".tar", "parquet": ".parquet"}


def file_of(split: str, name: str, number: int, form: Format) -> str:
    """``train/mixture-000000.tar``."""
    return shard_file(f"{split}/{name}", number).removesuffix(".tar") + ENDINGS[form]


def stats_of(place: StoragePath, file: str, made_with: str) -> ShardStats | None:
    """Of a shard that is finished: statistics are written last."""
    there = stats_path(place, file).is_file() and (place / file).is_file()
    return read_stats(place, file, made_with) if there else None


def write_shard(
    place: StoragePath, file: str, form: Format, samples: Sequence[Sample], reader: MediumReader, made_with: str
) -> ShardStats:
    """``samples`` in their order; raises InputError for media that are not what they were."""
    work = _write_tar if form == "webdataset" else _write_parquet
    size_bytes, sha256 = work(place, file, samples, reader)
    stats = ShardStats(
        file=file,
        samples=len(samples),
        bytes=size_bytes,
        sha256=sha256,
        sources=_sorted(Counter(one.row.source for one in samples)),
        languages=_sorted(Counter(one.row.language or UNDETERMINED for one in samples)),
        formats=_sorted(Counter(ending for one in samples for ending in endings(one.row))),
    )
    write_stats(place, stats, made_with)
    return stats


def _write_tar(place: StoragePath, file: str, samples: Sequence[Sample], reader: MediumReader) -> tuple[int, str]:
    """The JSON first: what streams knows what is to come. Energon's index of where samples begin."""
    offsets = [0]
    with (place / file).atomic_writer() as stream:
        tar = TarStream(stream)
        for sample in samples:
            for ending, data in _members(sample, reader):
                tar.add(f"{sample.name}.{ending}", data)
            offsets.append(tar.offset_bytes)
        sha256 = tar.finish()
    energon.write_index(place, file, offsets)
    return tar.offset_bytes, sha256


def _members(sample: Sample, reader: MediumReader) -> Iterator[tuple[str, bytes]]:
    yield "json", to_json(sample)
    for ending, medium in zip(endings(sample.row), sample.row.media, strict=True):
        yield ending, reader.read(sample.row.key, medium)


def _write_parquet(place: StoragePath, file: str, samples: Sequence[Sample], reader: MediumReader) -> tuple[int, str]:
    with (place / file).atomic_writer() as stream:
        hashed = HashedStream(stream)
        shard = ParquetShard(hashed)
        for sample in samples:
            shard.add(sample, [reader.read(sample.row.key, medium) for medium in sample.row.media])
        shard.finish()
    return hashed.size_bytes, hashed.hexdigest()


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
