"""``concepts.parquet``: what balancing did to each concept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.tally import CorpusTally, SelectionTally
from transforms.datasets import CONCEPTS, read_table, write_table
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder
from transforms.vocabulary_folder import read_concepts


def write_concepts(
    outcome: SelectionTally, folder: RunFolder, settings: BalanceSettings, tally: CorpusTally, weighting: Weighting
) -> None:
    """One row a concept of the vocabulary; ``weight`` is null for a concept that takes no part in the weights."""
    if outcome.copies != settings.size:
        # two samples of one id, and so of one rank, exactly at the cut: once in about 10^10 runs of 10^9 images
        raise RunFolderError(
            f"balance selected {outcome.copies} images in place of {settings.size}: annotations hold repeated sample "
            "ids. Choose another balance.seed, in a new output folder."
        )
    names = read_concepts(folder, ["id", "name", "lang"])
    if len(names) != len(tally.count_before):
        raise RunFolderError(
            f"{folder.vocabulary} holds {len(names)} concepts, run.json counts {len(tally.count_before)}. "
            "Annotate again into a new folder."
        )
    weights = weighting.of_concepts()
    table = pa.table(
        [
            names["id"],
            names["name"],
            names["lang"],
            tally.count_before,
            outcome.count_random,
            outcome.count_after,
            pa.array(weights, mask=np.isnan(weights)),
        ],
        schema=CONCEPTS,
    )
    write_table(folder.concepts, table, folder.fingerprint)


def unkept_floor(folder: RunFolder, settings: BalanceSettings) -> str | None:
    """Which concepts hold fewer images than ``even`` was to keep for each, or all that there are; None: none does.

    A fit on a sample of the images foresees their number within what chance allows, and no further.
    """
    if settings.method != "even":
        return None
    columns = ["name", "count_before", "count_after"]
    names, before, after = read_table(folder.concepts, folder.fingerprint, columns).columns
    missing = np.minimum(settings.even.floor, before.to_numpy()) - after.to_numpy()
    short = np.flatnonzero(missing > 0)
    if not len(short):
        return None
    worst = int(short[np.argmax(missing[short])])
    return (
        f"{len(short):,} concepts hold fewer images than balance.even.floor ({settings.even.floor}) or than there are "
        f"of them; most is missing of {names[worst].as_py()!r}, which holds {after[worst].as_py()} of "
        f"{before[worst].as_py()}. A fit that sees all images keeps the floor: balance.max_sample_rows is "
        f"{settings.max_sample_rows:,}. Strata that give no images may take concepts with them."
    )
