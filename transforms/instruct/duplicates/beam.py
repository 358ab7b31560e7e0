"""Duplicates as a Beam transform. What is shuffled is numbers, in arrays, and small grey squares of pictures that are
likely the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from transforms.beam import CollectToList, WriteStageCounts
from transforms.datasets import ShardName
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.duplicates.comparing import compare_rows
from transforms.instruct.duplicates.components import Joined, join
from transforms.instruct.duplicates.confirming import bring, confirm
from transforms.instruct.duplicates.deciding import Round, rounds
from transforms.instruct.duplicates.meetings import by_part, candidates
from transforms.instruct.duplicates.pictures import picture_candidates
from transforms.instruct.duplicates.pixels import COARSE_SIDE, FINE_SIDE
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.duplicates.steps import PartSteps
from transforms.instruct.duplicates.telling import name_others
from transforms.rejects import Counts
from transforms.stages import DUPLICATES

Numbered = tuple[int, ShardName]


class FindDuplicates(beam.PTransform):  # type: ignore[misc]
    """PCollection[(number, ShardName)] → facts and rejects of each part, and the stage's counts for the driver."""

    def __init__(self, folder: InstructFolder, settings: DuplicatesSettings, seed: int) -> None:
        super().__init__()
        self._folder = folder
        self._settings = settings
        self._steps = PartSteps(folder, settings, seed)

    def expand(self, parts: beam.PCollection[Numbered]) -> beam.PCollection[None]:
        steps, settings = self._steps, self._settings
        described = parts | "Describe" >> beam.Map(steps.describe) | "When described" >> beam.Reshuffle()
        names = beam.pvalue.AsDict(described)
        pictures = beam.pvalue.AsSingleton(described | Pictures(self._folder, settings, steps, names))
        agreed = described | NearTexts(settings, steps, names, pictures)
        clusters = beam.pvalue.AsSingleton(agreed | "Clusters" >> _Join(lambda pairs: pairs[:, :2]))
        of_media = described | "Groups by media" >> beam.Map(steps.media_pairs, pictures=pictures)
        both = (
            of_media,
            agreed | "Groups by text" >> beam.Map(lambda pairs: pairs[:, 2:]),
        ) | "All groups" >> beam.Flatten()
        groups = beam.pvalue.AsSingleton(both | "Groups" >> _Join(lambda pairs: pairs))
        judged = described | "To judge" >> beam.Map(steps.to_judge, pictures=pictures, clusters=clusters)
        findings = []
        for one in rounds(settings):
            judged, found = judged | f"Round of {one.name}" >> _JudgeTogether(one, settings.partitions)
            findings.append(found)
        return (
            {"part": described, "found": findings | "All findings" >> beam.Flatten() | _NameOthers(steps, names)}
            | beam.CoGroupByKey()
            | "Write" >> beam.Map(_write, steps=steps, names=names, pictures=pictures, groups=groups)
            | WriteStageCounts(self._folder.counts(DUPLICATES.name))
        )


class Pictures(beam.PTransform):  # type: ignore[misc]
    """Parts → one :class:`Joined`: the contents that are one picture."""

    def __init__(
        self, folder: InstructFolder, settings: DuplicatesSettings, steps: PartSteps, names: beam.pvalue.AsDict
    ) -> None:
        super().__init__()
        self._folder, self._settings, self._steps, self._names = folder, settings, steps, names

    def expand(self, parts: beam.PCollection[Numbered]) -> beam.PCollection[Joined]:
        settings = self._settings

        def near(meeting: tuple[tuple[int, int], Iterable[Any]]) -> Any:
            return picture_candidates(meeting[0][0], meeting[1], settings)

        pairs = (
            parts
            | "Looks" >> beam.FlatMap(self._steps.picture_meetings)
            | "Meet" >> beam.GroupByKey()
            | "Near looks" >> beam.Map(near)
        )
        for name, side in (("coarse", COARSE_SIDE), ("fine", FINE_SIDE)):
            pairs = pairs | f"At {name} size" >> _Confirm(self._folder, settings, self._names, side)
        return pairs | _Join(lambda found: np.stack([found["one_content"], found["other_content"]], axis=1))


class _Confirm(beam.PTransform):  # type: ignore[misc]
    """Pairs of pictures → those that agree on squares of ``side``."""

    def __init__(
        self, folder: InstructFolder, settings: DuplicatesSettings, names: beam.pvalue.AsDict, side: int
    ) -> None:
        super().__init__()
        self._folder, self._settings, self._names, self._side = folder, settings, names, side

    def expand(self, pairs: beam.PCollection[Any]) -> beam.PCollection[Any]:
        folder, side, most = self._folder, self._side, self._settings.max_patch_difference

        def first(element: tuple[int, Iterable[Any]], names: dict[int, ShardName]) -> Iterator[Any]:
            return bring(folder, names[element[0]], element[1], side)

        def second(element: tuple[int, Iterable[Any]], names: dict[int, ShardName]) -> Iterator[Any]:
            return confirm(folder, names[element[0]], element[1], side, most)

        return (
            pairs
            | "By first" >> beam.FlatMap(by_part, "one")
            | "To first" >> beam.GroupByKey()
            | "Bring" >> beam.FlatMap(first, names=self._names)
            | "To second" >> beam.GroupByKey()
            | "Confirm" >> beam.FlatMap(second, names=self._names)
        )


class NearTexts(beam.PTransform):  # type: ignore[misc]
    """Parts → (E, 4) arrays: the clusters and the groups of rows that agree."""

    def __init__(
        self, settings: DuplicatesSettings, steps: PartSteps, names: beam.pvalue.AsDict, pictures: Any
    ) -> None:
        super().__init__()
        self._settings, self._steps, self._names, self._pictures = settings, steps, names, pictures

    def expand(self, parts: beam.PCollection[Numbered]) -> beam.PCollection[Any]:
        steps, least = self._steps, self._settings.min_similarity

        def compare(element: tuple[int, Iterable[Any]], names: dict[int, ShardName], pictures: Joined) -> Any:
            return compare_rows(steps.rows((element[0], names[element[0]]), pictures), element[1], least)

        return (
            parts
            | "Meetings" >> beam.FlatMap(steps.row_meetings, pictures=self._pictures)
            | "Meet" >> beam.GroupByKey()
            | "Pairs" >> beam.MapTuple(lambda _, meetings: candidates(meetings))
            | "By first" >> beam.FlatMap(by_part, "one")
            | "To first" >> beam.GroupByKey()
            | "Bring" >> beam.FlatMap(steps.bring_rows, names=self._names, pictures=self._pictures)
            | "To second" >> beam.GroupByKey()
            | "Compare" >> beam.Map(compare, names=self._names, pictures=self._pictures)
        )


class _Join(beam.PTransform):  # type: ignore[misc]
    """Arrays of pairs → one :class:`Joined`, also where there are none."""

    def __init__(self, pairs: Any) -> None:
        super().__init__()
        self._pairs = pairs

    def expand(self, arrays: beam.PCollection[Any]) -> beam.PCollection[Joined]:
        none = arrays.pipeline | beam.Create([np.empty((0, 2), np.uint64)])
        pairs = arrays | "Pairs" >> beam.Map(self._pairs)
        return (pairs, none) | beam.Flatten() | CollectToList() | "Join" >> beam.Map(join)


class _JudgeTogether(beam.PTransform):  # type: ignore[misc]
    """Arrays of rows → those that go on, and findings."""

    def __init__(self, one: Round, partitions: int) -> None:
        super().__init__()
        self._round, self._partitions = one, partitions

    def expand(self, rows: beam.PCollection[Any]) -> tuple[beam.PCollection[Any], beam.PCollection[Any]]:
        one, partitions = self._round, self._partitions

        def judge(_: int, together: Iterable[Any]) -> Iterator[Any]:
            staying, findings = one.judge(np.concatenate(list(together)))
            yield beam.pvalue.TaggedOutput("findings", findings)
            yield staying

        found = (
            rows
            | "Split" >> beam.FlatMap(one.split, partitions)
            | "Together" >> beam.GroupByKey()
            | "Judge" >> beam.FlatMapTuple(judge).with_outputs("findings", main="staying")
        )
        return found.staying, found.findings


class _NameOthers(beam.PTransform):  # type: ignore[misc]
    """Findings → (number of the subject's part, findings with the keys of the other rows)."""

    def __init__(self, steps: PartSteps, names: beam.pvalue.AsDict) -> None:
        super().__init__()
        self._steps, self._names = steps, names

    def expand(self, findings: beam.PCollection[Any]) -> beam.PCollection[Any]:
        steps = self._steps

        def named(element: tuple[int, Iterable[Any]], names: dict[int, ShardName]) -> Iterator[Any]:
            return name_others(steps.keys(names[element[0]]), element[1])

        return (
            findings
            | "By other" >> beam.FlatMap(by_part, "other")
            | "To other" >> beam.GroupByKey()
            | "Name" >> beam.FlatMap(named, names=self._names)
        )


def _write(
    element: tuple[int, dict[str, Any]], steps: PartSteps, names: dict[int, ShardName], pictures: Joined, groups: Joined
) -> Counts:
    number, grouped = element
    return steps.write((number, names[number]), list(grouped["found"]), pictures, groups)
