"""``concepts.parquet``: what balancing did to each concept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.selection_tally import SelectionTally
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.tally import CorpusTally
from transforms.datasets import BASELINE_COUNTS, CONCEPTS, write_table
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
            outcome.count_baselines[0],
            outcome.count_after,
            pa.array(weights, mask=np.isnan(weights)),
        ],
        schema=CONCEPTS,
    )
    write_table(folder.concepts, table, folder.fingerprint)
    beside = pa.table([names["id"], *outcome.count_baselines[1:]], schema=BASELINE_COUNTS)
    write_table(folder.baselines, beside, folder.fingerprint)
