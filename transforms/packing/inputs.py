"""The parts that sources are read in, and which of them are planned together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.conversations.record_parts import check_media_folder, check_names, line_ranges
from transforms.datasets import ShardName
from transforms.errors import InputError
from transforms.exporting.blocks import deal_blocks
from transforms.instruct.mixing.about import TRAIN
from transforms.packing.sources import PackSource
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.settings import SourceSettings
from transforms.reading.versions import file_version
from transforms.storage import StoragePath, StoredFile, find_files

_RECORD_ENDINGS = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class PackInput:
    """A tar, a JSON file, or the lines of a JSON Lines file that begin in [first_byte, end_byte).

    ``version`` is the file's, as :mod:`transforms.reading.versions` has it.
    """

    source: str
    name: str  # unique in the source
    path: StoragePath
    size_bytes: int
    first_byte: int
    end_byte: int
    version: str = ""

    @property
    def shard(self) -> InputShard:
        """The same in the words of :mod:`transforms.reading`."""
        return InputShard(self.source, self.name, "webdataset", self.path, self.size_bytes)


@dataclass(frozen=True)
class InputGroup:
    """What one worker reads, plans and writes; ``number`` decides the names of its shards."""

    number: int
    inputs: tuple[PackInput, ...]


def list_inputs(source: PackSource, range_bytes: int) -> list[PackInput]:
    """The parts of a source in order; raises InputError where there are none."""
    if source.format in ("webdataset", "mixture"):
        shards = list_shards(webdataset_settings(source))
        splits = sorted({shard.path.parent.name for shard in shards})
        if source.format == "mixture" and len(splits) > 1 and StoragePath.of(source.path).is_dir():
            raise InputError(
                f"source {source.name}: {source.path} holds {', '.join(splits)}; what is held out is not for training. "
                f"Name one, as {source.path.rstrip('/')}/{TRAIN}, or several by a pattern."
            )
        return [PackInput(s.source, s.name, s.path, s.size_bytes, 0, s.size_bytes, s.version) for s in shards]
    files = [file for file in find_files(source.path) if file.path.name.lower().endswith(_RECORD_ENDINGS)]
    if not files:
        raise InputError(
            f"source {source.name}: nothing to read at {source.path}. Looked for files ending in "
            f"{', '.join(_RECORD_ENDINGS)} (format conversations). Mend the path or the format."
        )
    check_media_folder(source.name, source.media)
    parts = [part for file in files for part in _ranges(source.name, file, range_bytes)]
    check_names(source.name, parts)
    return parts


def _ranges(source: str, file: StoredFile, range_bytes: int) -> list[PackInput]:
    path, size, version = file.path, file.size_bytes, file_version(file)
    if path.name.lower().endswith(".json"):
        return [PackInput(source, path.stem, path, size, 0, size, version)]
    ranges = line_ranges(path.stem, size, range_bytes)
    return [PackInput(source, name, path, size, first, end, version) for name, first, end in ranges]


def webdataset_settings(source: PackSource) -> SourceSettings:
    return SourceSettings(name=source.name, format="webdataset", path=source.path)


def group_inputs(inputs: Sequence[PackInput], group_shards: int, seed: int) -> list[InputGroup]:
    """Keyed groups over all sources, so that packs mix them; in a group, inputs stand in the order of their names."""
    blocks = deal_blocks([ShardName(part.source, part.name) for part in inputs], group_shards, seed).tolist()
    groups: dict[int, list[PackInput]] = {}
    for block, part in zip(blocks, inputs, strict=True):
        groups.setdefault(block, []).append(part)
    return [
        InputGroup(number, tuple(sorted(parts, key=lambda part: (part.source, part.name))))
        for number, parts in sorted(groups.items())
    ]
