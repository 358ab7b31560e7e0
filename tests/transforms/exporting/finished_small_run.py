"""The small run, done up to export, with concepts and counts: what a user opens."""

from __future__ import annotations

import pathlib

import pyarrow as pa

from tests.transforms.exporting.small_run import CONCEPTS, SmallRun, small_run, some_copies
from tests.transforms.reporting.synthetic_run import CONFIG
from transforms import datasets
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts
from transforms.run_folder import RunState


def finished_small_run(root: pathlib.Path, sources: list[SourceSettings], method: str, **export: object) -> SmallRun:
    """Every concept stands on 8 images before, and on as many more after as ``method`` has letters; annotate rejected
    37 empty images."""
    run = small_run(root, sources, copies=some_copies)
    images, chosen, copies = len(run.images), len(run.copies), sum(run.copies.values())
    ids = range(len(CONCEPTS))
    after = [len(method) + row for row in ids]
    columns = [[*ids], CONCEPTS, ["en" for _ in ids], [8 for _ in ids], [4 for _ in ids], after, [1.0 for _ in ids]]
    table = pa.Table.from_arrays([pa.array(column) for column in columns], datasets.CONCEPTS.names)
    datasets.write_table(run.folder.concepts, table.cast(datasets.CONCEPTS), run.folder.fingerprint)
    state = RunState.open(run.folder, {**CONFIG, "balance": {"method": method, "size": copies}}, {})
    state.finish("annotate", Counts(images + 37, images, {"empty_image": 37}))
    state.finish("deduplicate", Counts(images, images))
    state.finish("balance", Counts(images, chosen, {"not_selected": images - chosen}))
    state.finish("export", run.export(**export))  # type: ignore[arg-type]
    return run
