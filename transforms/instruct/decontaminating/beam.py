"""The jobs of decontamination on Beam."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam

from transforms.beam import CollectToList
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.decontaminating.canaries import CANARIES, LOOK_ALIKES, Cell, load_sample
from transforms.instruct.decontaminating.certificate import measure
from transforms.instruct.decontaminating.files import BenchmarkPart, open_index, prints, write_prints
from transforms.instruct.decontaminating.judging import Judge
from transforms.instruct.decontaminating.settings import DecontaminateSettings
from transforms.storage import StoragePath


class WritePrints(beam.PTransform):  # type: ignore[misc]
    """PCollection[BenchmarkPart] → the names of their benchmarks, fingerprints written."""

    def __init__(self, folder: InstructFolder, settings: DecontaminateSettings, seed: int) -> None:
        super().__init__()
        self._write = functools.partial(write_prints, folder, settings, seed)

    def expand(self, parts: beam.PCollection[BenchmarkPart]) -> beam.PCollection[str]:
        return parts | "Fingerprint" >> beam.Map(self._write)


class MeasureCells(beam.PTransform):  # type: ignore[misc]
    """PBegin → a JSON file: by the name of each of ``cells``, how many of its rows are found. ``translations``: by
    question, for cells that ask so."""

    def __init__(
        self,
        folder: InstructFolder,
        settings: DecontaminateSettings,
        path: StoragePath,
        cells: Sequence[Cell] = (*CANARIES, *LOOK_ALIKES),
        translations: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._measure = functools.partial(_measure, folder, settings, translations or {})
        self._cells, self._path = cells, path

    def expand(self, begin: beam.PCollection[Any]) -> beam.PCollection[None]:
        cells = begin | "Cells" >> beam.Create(self._cells) | "Measure" >> beam.Map(self._measure)
        return cells | CollectToList() | "Leave cells" >> beam.Map(_leave, self._path)


def _measure(
    folder: InstructFolder, settings: DecontaminateSettings, translations: Mapping[str, str], cell: Cell
) -> dict[str, Any]:
    sample = load_sample(prints(folder, settings), settings.canaries)
    return measure(cell, sample, _judge(folder, settings), settings, translations)


def _judge(folder: InstructFolder, settings: DecontaminateSettings) -> Judge:
    return Judge(open_index(folder, settings), settings)


def _leave(cells: Sequence[dict[str, Any]], path: StoragePath) -> None:
    path.write_text(json.dumps({cell["name"]: cell for cell in cells}, sort_keys=True))
