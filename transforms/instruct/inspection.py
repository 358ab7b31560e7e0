"""A look at a set of instruction data that nobody has described yet: what it holds, and what has to be declared.

Shape legend: N boxes.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xxhash

from transforms.datasets import UNDETERMINED
from transforms.errors import InputError
from transforms.instruct.grounding.evidence import Candidate, describe, weigh
from transforms.instruct.media import MediaFiles
from transforms.instruct.media_search import find_media
from transforms.instruct.reading.inputs import InstructPart, list_parts
from transforms.instruct.reading.records import read_part
from transforms.instruct.rows import Row
from transforms.instruct.settings import InstructSource
from transforms.instruct.standardising import ReadRecord, read_record, replace_key
from transforms.rejects import Reason, Reject

_SHOWN_ROWS = 20
_MEASURED_ROWS = 500  # rows whose media are read: some hundred MB at most


@dataclass
class Inspection:
    """What the first ``records`` of a set showed. Counters count records where nothing else is said."""

    source: InstructSource
    files: list[str]
    records: int = 0
    adapters: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)  # reason → the first reject's
    unexpected: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)  # of answers
    turns: Counter[int] = field(default_factory=Counter)  # answers of a record
    languages: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    media: Counter[str] = field(default_factory=Counter)  # image, video
    unplaced: int = 0  # records whose media no turn shows
    missing: list[str] = field(default_factory=list)  # names of media that are not where records say
    faults: Counter[str] = field(default_factory=Counter)  # of media that were read
    measured: int = 0  # media that were found and read
    notations: Counter[str] = field(default_factory=Counter)  # of boxes
    candidates: list[Candidate] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def inspect(source: InstructSource, most_records: int) -> Inspection:
    """Read up to ``most_records``, as many of each file; raises InputError where there is nothing to read.

    Where media are not where the records say, they are looked for nearby, and the source that comes back says where.
    """
    parts = list_parts(source)
    found = _looked(source, parts, most_records)
    if found.missing and source.media is None:
        place = find_media(found.missing, parts[0].path)
        if place.found:
            there = source.model_copy(update={"media": str(place.folder), "media_prefix": place.prefix})
            return _looked(there, parts, most_records)
    return found


def check_readable(found: Inspection) -> None:
    """Raises InputError for a set of which no record that was looked at makes a row."""
    if found.adapters or not found.records:
        return
    reasons = ", ".join(f"{reason} {count}" for reason, count in found.rejects.most_common(3))
    first = next(iter(found.details.values()), "")
    raise InputError(
        f"source {found.source.name}: none of the {found.records:,} records looked at can be read as "
        f"{found.source.adapter} ({reasons}); the first: {first}. Look at it with evenweave instruct inspect, and mend "
        "the adapter or the path."
    )


def check_coordinates(found: Inspection) -> None:
    """Raises InputError, with what speaks for each convention, for a set with boxes that does not declare one."""
    if not found.candidates or found.source.coordinates is not None:
        return
    judged = [one for one in found.candidates if one.boxes]
    lines = [f"  {describe(one)}: {one.inside:.1%} of {one.boxes} boxes lie inside" for one in judged]
    raise InputError(
        f"source {found.source.name} holds boxes ({', '.join(found.notations)}) and does not say how they are written. "
        "Set coordinates (unit, order, frame) to what its documentation says. Written as\n" + "\n".join(lines)
    )


def _looked(source: InstructSource, parts: Sequence[InstructPart], most_records: int) -> Inspection:
    look = _Look(source, parts)
    each = -(-most_records // len(parts))
    for part in parts:
        for item in itertools.islice(read_part(part), each):
            look.see(item, part)
    return look.finished()


class _Look:
    """Gathers; memory grows with the boxes and with the rows that are shown."""

    def __init__(self, source: InstructSource, parts: Sequence[InstructPart]) -> None:
        self._found = Inspection(source, sorted({str(part.path) for part in parts}))
        self._placing = source.model_copy(update={"place_media": "before_first_question"})
        self._boxes: list[tuple[float, float, float, float]] = []
        self._pictures: list[tuple[int, int, int]] = []  # width, height and orientation of each box's; 0 if unknown
        self._shown: list[tuple[int, str, Row]] = []
        self._measured_rows = 0

    def see(self, item: tuple[str, dict[str, object]] | Reject, part: InstructPart) -> None:
        self._found.records += 1
        source = self._found.source
        read = replace_key(item, part) if isinstance(item, Reject) else read_record(*item, part, source)
        if isinstance(read, Reject) and read.reason is Reason.UNPLACED_MEDIA and not isinstance(item, Reject):
            placed = read_record(*item, part, self._placing)
            self._found.unplaced += not isinstance(placed, Reject)
            read = placed
        if isinstance(read, Reject):
            self._found.rejects[read.reason] += 1
            self._found.details.setdefault(read.reason, f"{read.key}: {read.detail}")
            return
        self._count(read)
        self._see_media(read, MediaFiles(source, part.path))
        place = -xxhash.xxh3_64_intdigest(read.row.key.encode("utf-8", "surrogatepass"))  # the least are shown
        entry = (place, read.row.key, read.row)
        if len(self._shown) < _SHOWN_ROWS:
            heapq.heappush(self._shown, entry)
        elif place > self._shown[0][0]:
            heapq.heapreplace(self._shown, entry)

    def _count(self, read: ReadRecord) -> None:
        found, row = self._found, read.row
        found.adapters[read.adapter] += 1
        found.unexpected.update(read.unexpected)
        found.forms.update(answer.form for answer in row.answers)
        found.turns[len(row.answers)] += 1
        found.languages[row.language or UNDETERMINED] += 1
        found.licences[row.licence_data or "unknown"] += 1
        found.media.update(medium.kind for medium in row.media)
        found.notations.update(box.notation for box in read.boxes)

    def _see_media(self, read: ReadRecord, files: MediaFiles) -> None:
        """Measure what a row shows, and keep its boxes beside the sizes of their pictures."""
        sizes = [(0, 0, 1)] * len(read.row.media)
        if read.row.media and self._measured_rows < _MEASURED_ROWS:
            self._measured_rows += 1
            for at, medium in enumerate(read.row.media):
                measured = files.measure(read.row.key, medium)
                if not isinstance(measured, Reject):
                    self._found.measured += 1
                    sizes[at] = (measured.medium.width or 0, measured.medium.height or 0, measured.orientation)
                elif measured.reason in (Reason.MISSING_IMAGE, Reason.MISSING_VIDEO):
                    self._found.missing.append(medium.uri or "(no name)")
                else:
                    self._found.faults[measured.reason] += 1
        for box in read.boxes:
            self._boxes.append(box.numbers)
            self._pictures.append(sizes[box.region.media])

    def finished(self) -> Inspection:
        found = self._found
        if self._boxes:
            pictures = np.array(self._pictures)
            found.candidates = weigh(self._boxes, pictures[:, :2], pictures[:, 2])
        found.rows = [row for _, _, row in sorted(self._shown, key=lambda entry: entry[1])]
        return found
