"""``concepts.parquet``: what balancing did to each concept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from transforms.balancing.settings import BalanceSettings
from transforms.balancing.tally import CorpusTally, SelectionTally
from transforms.balancing.weights import Weighting
from transforms.datasets import CONCEPTS, write_table
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder


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
    vocabulary = folder.vocabulary / "vocabulary.parquet"
    with vocabulary.open_random() as file:
        names = pq.read_table(file, columns=["id", "name", "lang"], use_threads=False)
    n_concepts = len(tally.count_before)
    if not np.array_equal(names["id"].to_numpy(), np.arange(n_concepts)):
        raise RunFolderError(
            f"{vocabulary} must hold the ids 0 to {n_concepts - 1} in order, one a row; it has {len(names)} rows. "
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
