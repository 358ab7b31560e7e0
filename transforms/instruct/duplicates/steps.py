"""What is done with one part, step by step, of its file of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import done_before, read_rows, write_outcome
from transforms.instruct.duplicates.agreement import COLUMNS
from transforms.instruct.duplicates.comparing import BroughtRows, PartRows, bring_rows
from transforms.instruct.duplicates.components import Joined
from transforms.instruct.duplicates.deciding import Judged, to_judge
from transforms.instruct.duplicates.described import describe_part, is_described, read_described
from transforms.instruct.duplicates.grouping import media_pairs
from transforms.instruct.duplicates.joining import join
from transforms.instruct.duplicates.meetings import Meetings, Pairs, by_partition, row_meetings
from transforms.instruct.duplicates.pictures import LookKey, Looks, picture_meetings
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.duplicates.telling import NamedFindings, outcome
from transforms.rejects import Counts
from transforms.stages import DUPLICATES

Numbered = tuple[int, ShardName]


@dataclass(frozen=True)
class PartSteps:
    """Holds one part's numbers at a time, some 700 bytes a row, and the names of what was joined."""

    folder: InstructFolder
    settings: DuplicatesSettings
    seed: int

    def describe(self, part: Numbered) -> Numbered:
        """The one step that reads texts."""
        if not is_described(self.folder, part[1]):
            rows = read_rows(self.folder, part[1], DUPLICATES.name)
            describe_part(self.folder, part[1], rows, self.settings, self.seed)
        return part

    def picture_meetings(self, part: Numbered) -> Iterator[tuple[LookKey, Looks]]:
        if self.settings.near_images:
            rows, table = read_described(self.folder, *part, ("media", "looks"))
            yield from picture_meetings(part[0], rows, table["media"], table["looks"], self.settings)

    def rows(self, part: Numbered, pictures: Joined, columns: tuple[str, ...] = COLUMNS) -> PartRows:
        rows, table = read_described(self.folder, *part, ("media", *columns))
        return PartRows.of(rows, table, pictures)

    def row_meetings(self, part: Numbered, pictures: Joined) -> Iterator[tuple[int, Meetings]]:
        found = self.rows(part, pictures, ("bands",))
        meetings = row_meetings(found.rows, found.table["bands"], found.shown, self.settings.near_text)
        return by_partition(meetings, self.settings.partitions)

    def bring_rows(
        self, element: tuple[int, Iterable[Pairs]], names: dict[int, ShardName], pictures: Joined
    ) -> Iterator[tuple[int, BroughtRows]]:
        return bring_rows(self.rows((element[0], names[element[0]]), pictures), element[1])

    def media_pairs(self, part: Numbered, pictures: Joined) -> NDArray[np.uint64]:
        """(E, 2) groups that rows of several media join."""
        media = read_described(self.folder, *part, ("media",))[1]["media"].combine_chunks()
        lengths = media.value_lengths().to_numpy(zero_copy_only=False)
        return media_pairs(pictures.of(media.flatten().to_numpy()), lengths)

    def to_judge(self, part: Numbered, pictures: Joined, clusters: Joined) -> Judged:
        found = self.rows(part, pictures, ())
        return to_judge(found.rows, found.contents, found.shown, clusters)

    def keys(self, name: ShardName) -> pa.ChunkedArray:
        return read_described(self.folder, 0, name, ("key",))[1]["key"]

    def write(self, part: Numbered, found: list[NamedFindings], pictures: Joined, groups: Joined) -> Counts:
        before = done_before(self.folder, DUPLICATES.name, part[1])
        if before is not None:
            return before
        rows = self.rows(part, pictures, ("key",))
        keys = rows.table["key"].to_pylist()
        told = outcome(keys, groups.of(rows.groups), found)
        if self.settings.join_turns:
            ties = dict(zip(keys, rows.rows["tie"].tolist(), strict=True))
            join(told, read_rows(self.folder, part[1], DUPLICATES.name), ties, self.settings.max_joined_rows)
        return write_outcome(self.folder, DUPLICATES.name, part[1], keys, told)
