"""A published mixture: its shards by their statistics, and what is written when all are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transforms.atomic_writing import PARTIAL
from transforms.exporting.croissant import CROISSANT
from transforms.exporting.manifest import ShardStats, stats_path, write_manifest
from transforms.instruct.publishing import energon
from transforms.instruct.publishing.card import CARD
from transforms.instruct.publishing.finishing import LICENCES
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.publishing.shards import ENDINGS
from transforms.run_folder import RunState
from transforms.stages import PUBLISH
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.listing import sizes_below
from transforms.verifying.shards import check_rewritten

_TAR, _INDEX = ".tar", ".idx"


def published_files(place: StoragePath) -> list[str]:
    """Shards of which something is there: they themselves, an index, or their statistics."""
    there = [path.removeprefix(f"{place.path}/") for path in sizes_below(place) if PARTIAL not in path]
    kept_in = f"{stats_path(place, '').parent.name}/"
    shards = {name.removesuffix(_INDEX) for name in there if name.removesuffix(_INDEX).endswith(_endings())}
    for name in there:
        if name.startswith(kept_in):
            stem = name.removeprefix(kept_in).removesuffix(".json")
            shards.add(stem if stem.endswith(_endings()) else f"{stem}{_TAR}")
    return sorted(shards)


def _endings() -> tuple[str, ...]:
    return tuple(ENDINGS.values())


def check_published(state: RunState, place: StoragePath, stats: Sequence[ShardStats]) -> Iterator[Finding]:
    """The manifest, the metadata of readers, and what is to be said of the mixture."""
    settings = PublishSettings.model_validate(state.values["config"][PUBLISH.name])

    def write(scratch: StoragePath) -> None:
        write_manifest(scratch, settings.name, stats, state.folder.fingerprint, state.format_version)
        if _TAR in {ENDINGS[one] for one in settings.formats}:
            energon.write_metadata(scratch, sorted(stats, key=lambda one: one.file))

    yield from check_rewritten(place, write, PUBLISH)
    first = ENDINGS[settings.formats[0]]
    samples = sum(one.samples for one in stats if one.file.endswith(first))
    counted = state.counts(PUBLISH.name).rows_out
    if samples != counted:
        yield Finding(place, f"holds {samples} samples, run.json says {counted}", PUBLISH)
    for name in (CARD, CROISSANT, LICENCES):
        if not ((place / name).is_file() and (place / name).size_bytes()):
            yield Finding(place / name, "is missing or empty", PUBLISH, (place / name,))
