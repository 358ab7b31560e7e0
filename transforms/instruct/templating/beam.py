"""Templates as one Beam transform: two passes for the strings that too many questions share, and one that writes.

candidates ──▶ counts ──▶ edits, facts, and what came of it
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from transforms import keyed
from transforms.at_rest import FORMAT_VERSION
from transforms.balancing.beam import SumInPlace
from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName, read_table, write_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.chain.part_files import done_before, read_rows, write_outcome
from transforms.instruct.templating.banks import LANGUAGES, Banks, read_banks
from transforms.instruct.templating.diversity import TemplatesTally, Variety
from transforms.instruct.templating.figures import figures_path
from transforms.instruct.templating.settings import TemplatesSettings
from transforms.instruct.templating.shared_strings import CommonTally, all_said, candidates, count, numbered
from transforms.instruct.templating.writing import Writer, change_all, changed, edits_of
from transforms.rejects import Counts
from transforms.stages import TEMPLATES
from transforms.storage import StoragePath


def said_folder(folder: InstructFolder) -> StoragePath:
    """Of what is gone when the stage is done."""
    return folder.root / f".{TEMPLATES.name}"


@dataclass(frozen=True)
class Templates:
    """What every worker knows. ``sampled``: of the rows, those whose variety is measured."""

    folder: InstructFolder
    settings: TemplatesSettings
    seed: int
    sampled: float

    def candidates(self, name: ShardName) -> CommonTally:
        """Leaves for :meth:`count` what is said in a part."""
        share = self.settings.common_share
        if share is None:
            return CommonTally()
        found = list(all_said(read_rows(self.folder, name, TEMPLATES.name)))
        write_table(self._said(name), numbered(found), self.folder.fingerprints[TEMPLATES.name])
        return candidates(found, share)

    def count(self, name: ShardName, found: CommonTally) -> CommonTally:
        if not found.shown:
            return CommonTally()
        return count(read_table(self._said(name), self.folder.fingerprints[TEMPLATES.name]), found.shown)

    def write(self, name: ShardName, counted: CommonTally) -> tuple[Counts, TemplatesTally]:
        """Of a part that is done, what came of it is told again and nothing is written."""
        rows = read_rows(self.folder, name, TEMPLATES.name)
        common = counted.common(self.settings.common_share or 1.0)
        writer = Writer(self.settings, _banks(self.settings.folder), self.seed, common)
        done: Counter[str] = Counter()
        outcome, kept, was, written = Outcome(), [], [], []
        for row, change in zip(rows, change_all(rows, writer), strict=True):
            done.update(change.done)
            outcome.edits += edits_of(row, change)
            if keyed.hash64("variety", row.key) < self.sampled * 2**64:
                if change.texts:
                    was.append(row)
                    written.append(changed(row, change))
                else:
                    kept.append(row)
        counts = done_before(self.folder, TEMPLATES.name, name)
        if counts is None:
            counts = write_outcome(self.folder, TEMPLATES.name, name, [row.key for row in rows], outcome)
        return counts, TemplatesTally(done, *map(Variety.of, (kept, was, written)))

    def _said(self, name: ShardName) -> StoragePath:
        return said_folder(self.folder) / f"{name.source}/{name.shard}.parquet"

    def leave_figures(self, tally: TemplatesTally, counted: CommonTally) -> None:
        banks = _banks(self.settings.folder)
        common = [
            {
                "source": source,
                "text": text,
                "share": round(share, 6),
                "banks": _known_to(banks, text),
            }
            for (source, number), share in counted.common(self.settings.common_share or 1.0).items()
            for text in (counted.shown[source, number],)
        ]
        values = {
            "format_version": FORMAT_VERSION,
            "fingerprint": self.folder.fingerprints[TEMPLATES.name],
            **tally.to_dict(sorted(common, key=lambda one: (one["source"], -one["share"], one["text"]))),
        }
        figures_path(self.folder).write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def _known_to(banks: Banks, text: str) -> list[str]:
    """The banks that have something to say in its place."""
    found = (banks.standing_for(text, language, is_line) for language in LANGUAGES for is_line in (False, True))
    return sorted({one.name for one in found if one is not None})


@functools.lru_cache(1)
def _banks(folder: StoragePath) -> Banks:
    """Once a worker."""
    return read_banks(folder)


class WriteTemplates(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → edits and facts of each part, templates/diversity.json, the counts for the driver."""

    def __init__(self, templates: Templates) -> None:
        super().__init__()
        self._templates = templates

    def expand(self, names: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        own = self._templates
        found = (
            names | "Candidates" >> beam.Map(own.candidates) | "Join" >> beam.CombineGlobally(SumInPlace(CommonTally))
        )
        counted = (
            names
            | "Count" >> beam.Map(own.count, AsSingleton(found))
            | "Add up" >> beam.CombineGlobally(SumInPlace(CommonTally))
        )
        written = names | "Write" >> beam.Map(own.write, AsSingleton(counted))
        tally = (
            written
            | "Tallies" >> beam.Map(lambda one: one[1])
            | "Sum" >> beam.CombineGlobally(SumInPlace(TemplatesTally))
        )
        _ = tally | "Figures" >> beam.Map(own.leave_figures, AsSingleton(counted))
        counts = written | "Counts" >> beam.Map(lambda one: one[0])
        return counts | WriteStageCounts(own.folder.counts(TEMPLATES.name))
