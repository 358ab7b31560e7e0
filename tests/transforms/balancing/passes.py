"""The passes of balancing one after another in this process, without Beam: for tests, and to time each alone."""

from __future__ import annotations

from collections.abc import Iterator

from transforms.balancing import passes
from transforms.balancing.certificate import write_certificate
from transforms.balancing.concept_table import write_concepts
from transforms.balancing.in_turn import Timed, add_up, decide
from transforms.balancing.passes import ShardReader
from transforms.balancing.sample_table import write_sample
from transforms.balancing.selection_tally import SelectionTally
from transforms.datasets import ShardName


def run_passes(
    reader: ShardReader, names: list[ShardName], n_concepts: int, timed: Timed = lambda _, work: work()
) -> SelectionTally:
    """As ``transforms.balancing.beam.Balance``; ``timed(label, work)`` must return ``work()``."""
    known = decide(reader, names, n_concepts, timed)
    settings, folder = reader.settings, reader.folder
    if known.sample is not None:
        write_sample(known.sample, folder, known.tally.count_inside)
    choice = (known.weighting, known.expectation, known.cut, known.outlook, known.exchange, known.baselines)
    selected = (passes.select(name, reader, *choice) for name in names)
    outcome: SelectionTally = timed("select", lambda: _add_all(selected))
    write_concepts(outcome, folder, settings, known.tally, known.weighting)
    write_certificate(
        outcome, folder, settings, known.tally, known.weighting, known.expectation, known.outlook, known.exchange
    )
    return outcome


def _add_all(parts: Iterator[SelectionTally]) -> SelectionTally:
    first = next(parts)
    return add_up(add_up(first.empty(), [first]), parts)
