"""A sheet of images: those of a concept, kept and dropped, or those that were left out for a reason."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from transforms.browsing.concepts import ids_named, read_concept_counts
from transforms.browsing.corpus_images import CorpusImages
from transforms.browsing.found_images import COLUMNS, FoundImage, find_of_concepts, images_of, read_thumbnails
from transforms.browsing.rejects import left_out_of, read_left_out, stage_of_reason
from transforms.browsing.settings import RecordedSettings
from transforms.browsing.shards import list_annotated
from transforms.browsing.thumbnails import thumbnail
from transforms.datasets import ShardName
from transforms.errors import InputError
from transforms.remaining import read_remaining
from transforms.run_folder import RunState
from transforms.stages import ANNOTATE, FIRST_AFTER_ANNOTATE

_MAX_SHARDS = 1024  # looked through for images of a concept: about 10 million


@dataclass(frozen=True)
class SheetPart:
    """Images that have something in common, and of how many in the run they are the first."""

    title: str
    total: int | None  # None: not counted
    images: tuple[FoundImage, ...]


@dataclass(frozen=True)
class Sheet:
    title: str
    parts: tuple[SheetPart, ...]


def concept_sheet(state: RunState, name: str, images: int) -> Sheet:
    """Up to ``images`` of the concept called ``name`` that were selected, and as many that were not, with the reason.

    Raises InputError where there is no such concept.
    """
    concepts, settings = read_concept_counts(state), RecordedSettings.of(state)
    ids = ids_named(concepts, name)
    shards = list_annotated(state.folder)[:_MAX_SHARDS]
    least = settings.balance.min_similarity
    found = find_of_concepts(state.folder, shards, ids, images, least, dropped_too=True)
    rows = concepts.filter(pc.is_in(concepts["id"], value_set=pa.array(ids, pa.int32()))).to_pylist()
    parts = []
    with CorpusImages(settings.sources, settings.files_per_shard) as corpus:
        for row in rows:
            of_concept = found[row["id"]]
            language = f" ({row['lang']})" if len(rows) > 1 else ""
            kept = read_thumbnails(of_concept.selected, corpus)
            parts.append(SheetPart(f"kept{language}", row["count_after"], tuple(kept)))
            dropped = read_thumbnails(_with_reasons(state, of_concept.dropped), corpus)
            parts.append(SheetPart(f"dropped{language}", None, tuple(dropped)))
    return Sheet(rows[0]["name"], tuple(parts))


def rejected_sheet(state: RunState, reason: str, images: int) -> Sheet:
    """Up to ``images`` of those that were left out for ``reason``; raises InputError where none was.

    What annotate dropped has no place in the run: its shards are read again, from their beginning.
    """
    stage, settings = stage_of_reason(state, reason), RecordedSettings.of(state)
    found = list(itertools.islice(_left_out(state, reason), images))
    with CorpusImages(settings.sources, settings.files_per_shard) as corpus:
        shown = _searched(found, corpus) if stage is ANNOTATE else read_thumbnails(_placed(state, found), corpus)
    total = state.counts(stage.name).rejects[reason]
    return Sheet(reason.replace("_", " "), (SheetPart(f"left out by {stage.name}", total, tuple(shown)),))


def _left_out(state: RunState, reason: str) -> Iterator[FoundImage]:
    for table in read_left_out(state, [stage_of_reason(state, reason)]):
        for row in table.filter(pc.equal(table["reason"], reason)).to_pylist():
            detail = row["detail"] or ""
            yield FoundImage(row["source"], row["shard"], row["key"] or "", "", False, None, reason, detail)


def _searched(images: Sequence[FoundImage], corpus: CorpusImages) -> list[FoundImage]:
    """With thumbnails, found by their keys."""
    shown = []
    for (source, shard), group in itertools.groupby(images, key=lambda image: (image.source, image.shard)):
        of_shard = list(group)
        try:
            found = corpus.search(source, shard, {image.key for image in of_shard})
        except (InputError, OSError):  # the corpus was moved since, or is out of reach
            found = {}
        shown += [dataclasses.replace(image, thumbnail=thumbnail(found.get(image.key, b""))) for image in of_shard]
    return shown


def _placed(state: RunState, images: Sequence[FoundImage]) -> list[FoundImage]:
    """With captions and places, out of the annotations."""
    placed = []
    for name, group in itertools.groupby(images, key=lambda image: ShardName(image.source, image.shard)):
        of_shard = {image.key: image for image in group}
        rows = read_remaining(state.folder, name, FIRST_AFTER_ANNOTATE, COLUMNS)
        rows = rows.filter(pc.is_in(rows["key"], value_set=pa.array(of_shard, pa.string())))
        for found in images_of(rows, selected=False):
            reject = of_shard[found.key]
            placed.append(dataclasses.replace(found, reason=reject.reason, detail=reject.detail))
    return placed


def _with_reasons(state: RunState, images: Sequence[FoundImage]) -> list[FoundImage]:
    """Each with why it is not selected."""
    reasons: dict[tuple[str, str, str], tuple[str, str]] = {}
    for name in {ShardName(image.source, image.shard) for image in images}:
        for row in (row for table in left_out_of(state, name) for row in table.to_pylist()):
            reasons[(*name, row["key"])] = row["reason"], row["detail"] or ""
    pairs = [reasons[(image.source, image.shard, image.key)] for image in images]
    return [
        dataclasses.replace(image, reason=reason, detail=detail)
        for image, (reason, detail) in zip(images, pairs, strict=True)
    ]
