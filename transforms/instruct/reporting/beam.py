"""The tallies of all parts, added up on the workers."""

from __future__ import annotations

import json

import apache_beam as beam

from transforms.balancing.beam import SumInPlace
from transforms.datasets import ShardName
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.reporting.tally import Tally, tally_part
from transforms.storage import StoragePath


class TallyParts(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → ``path``, JSON of the tally of the run."""

    def __init__(self, folder: InstructFolder, opening_share: float, path: StoragePath) -> None:
        super().__init__()
        self._folder = folder
        self._opening_share = opening_share
        self._path = path

    def expand(self, parts: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        folder, share, path = self._folder, self._opening_share, self._path

        def tally(name: ShardName) -> Tally:
            return tally_part(folder, name, share)

        return (
            parts
            | "Tally part" >> beam.Map(tally)
            | "Add up" >> beam.CombineGlobally(SumInPlace(Tally))
            | "Leave tally" >> beam.Map(lambda found: path.write_text(json.dumps(found.to_dict())))
        )
