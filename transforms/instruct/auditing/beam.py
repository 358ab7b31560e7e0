"""The draw of all parts, added up on the workers."""

from __future__ import annotations

import functools
import pickle

import apache_beam as beam

from transforms.balancing.beam import SumInPlace
from transforms.datasets import ShardName
from transforms.instruct.auditing.drawing import Draw, draw_part
from transforms.instruct.chain.folder import InstructFolder
from transforms.storage import StoragePath


class DrawItems(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → ``path``, the pickled draw of the run, for the process that asked."""

    def __init__(
        self, folder: InstructFolder, most: int, seed: int, stages: tuple[str, ...], path: StoragePath
    ) -> None:
        super().__init__()
        self._draw = functools.partial(draw_part, folder, most=most, seed=seed, stages=stages)
        self._path = path

    def expand(self, parts: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        draw, path = self._draw, self._path
        return (
            parts
            | "Draw" >> beam.Map(lambda name: draw(name=name))
            | "Add up" >> beam.CombineGlobally(SumInPlace(Draw))
            | "Leave" >> beam.Map(lambda found: path.write_bytes(pickle.dumps(found)))
        )
