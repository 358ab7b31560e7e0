"""The passes of balancing one after another in this process, without Beam: for tests, and to time each alone."""

from __future__ import annotations

from transforms.balancing import passes
from transforms.balancing.concepts import write_concepts
from transforms.balancing.in_turn import Timed, add_up, decide
from transforms.balancing.passes import ShardReader
from transforms.balancing.tally import SelectionTally
from transforms.datasets import ShardName


def run_passes(
    reader: ShardReader, names: list[ShardName], n_concepts: int, timed: Timed = lambda _, work: work()
) -> SelectionTally:
    """As ``transforms.balancing.beam.Balance``; ``timed(label, work)`` must return ``work()``."""
    tally, *known = decide(reader, names, n_concepts, timed)
    selected = (passes.select(name, reader, *known) for name in names)
    outcome: SelectionTally = timed("select", lambda: add_up(SelectionTally.zero(n_concepts), selected))
    write_concepts(outcome, reader.folder, reader.settings, tally, known[0])
    return outcome
