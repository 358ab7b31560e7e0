"""The original pictures of a run's input, by where they lie or by their keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from transforms.errors import InputError
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.random_access import ImageReader
from transforms.reading.raw_sample import RawSample
from transforms.reading.samples import read_samples
from transforms.reading.settings import SourceSettings


class CorpusImages:
    """Reads a picture by where it lies. A context manager; one shard is open at a time, so ask in order of shards."""

    def __init__(self, sources: Sequence[SourceSettings], files_per_shard: int) -> None:
        self._sources = {source.name: source for source in sources}
        self._files_per_shard = files_per_shard
        self._shards: dict[str, dict[str, InputShard]] = {}  # by source, listed when first asked for
        self._open: tuple[tuple[str, str], ImageReader] | None = None

    def __call__(self, source: str, shard: str, member_offset: int, member_bytes: int) -> bytes:
        """The original bytes; raises InputError or OSError when the input was changed, moved or cannot be reached."""
        if self._open is None or self._open[0] != (source, shard):
            self.close()
            self._open = (source, shard), ImageReader(self._find(source, shard), self._sources[source])
        return self._open[1].read(member_offset, member_bytes)

    def search(self, source: str, shard: str, keys: Collection[str]) -> dict[str, bytes]:
        """The bytes of those of ``keys`` that have any, by reading the shard from its beginning until all are found:
        the way to what annotate dropped, of which the run keeps no place. Raises as reading by place does."""
        found: dict[str, bytes] = {}
        with_or_without_caption = self._sources[source].model_copy(update={"caption": "optional"})
        for sample in read_samples(self._find(source, shard), with_or_without_caption):
            if isinstance(sample, RawSample) and sample.key in keys:
                found[sample.key] = sample.image
                if len(found) == len(keys):
                    break
        return found

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def __enter__(self) -> CorpusImages:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _find(self, source: str, shard: str) -> InputShard:
        if source not in self._shards:
            self._shards[source] = {}
            with suppress(InputError, OSError):  # noted once: every shard of it is then missing
                listed = list_shards(self._sources[source], self._files_per_shard)
                self._shards[source] = {found.name: found for found in listed}
        if shard not in self._shards[source]:
            raise InputError(f"source {source}: shard {shard} is gone since it was annotated")
        return self._shards[source][shard]
