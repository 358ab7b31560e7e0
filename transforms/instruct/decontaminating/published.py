"""A published file as rows again, compared with the benchmarks."""

from __future__ import annotations

from typing import NamedTuple

from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.decontaminating.final import Found, scan_rows
from transforms.instruct.decontaminating.settings import DecontaminateSettings
from transforms.instruct.publishing.settings import BoxSettings
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.rows import Row
from transforms.instruct.settings import Coordinates, InstructSource
from transforms.instruct.standardising import standardise


class Scanned(NamedTuple):
    rows: int
    found: tuple[Found, ...]


def published_source(files: str, boxes: BoxSettings) -> InstructSource:
    """``files``: a pattern of the shards of one split; ``boxes`` as they were written there."""
    written = boxes.model_dump(include={"unit", "order", "frame", "min_pixels", "max_pixels"})
    return InstructSource(name="published", path=files, adapter="messages", coordinates=Coordinates(**written))


def scan_part(
    folder: InstructFolder, settings: DecontaminateSettings, part: InstructPart, source: InstructSource
) -> Scanned:
    """Raises ValueError for a record that cannot be read again: it was published, so it was a row."""
    rows = []
    for one in standardise(part, source):
        if not isinstance(one, Row):
            raise ValueError(f"{part.path} holds {one.key}, which cannot be read again: {one.reason}, {one.detail}")
        rows.append(one)
    return Scanned(len(rows), tuple(scan_rows(folder, settings, rows)))
