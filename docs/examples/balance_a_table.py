"""Annotations in, selection out, without a run folder: ``python docs/examples/balance_a_table.py [PARQUET]``.

Annotations of one's own will do: a key for each image, and the concepts that it shows, as numbers.
"""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import evenweave

if len(sys.argv) > 1:
    annotations = pq.read_table(sys.argv[1])
else:  # 10,000 images of three concepts each, a few of 200 concepts on most of them
    concepts = (200 * np.random.default_rng(0).random((10_000, 3)) ** 3).astype(np.int32)
    annotations = pa.table({"key": [f"{number:05d}" for number in range(10_000)], "concept_ids": list(concepts)})

settings = evenweave.BalanceSettings(method="inverse_frequency", size=len(annotations) // 10)
selection = evenweave.balance_table(annotations, settings)
print(f"{len(selection):,} of {len(annotations):,} rows, the first of them:")
print(selection.slice(0, 3).to_pandas().to_string(index=False))

for name, table in {"before": annotations, "after": annotations.take(selection["row"])}.items():
    ids = table["concept_ids"].combine_chunks().flatten().to_numpy()
    counts = np.bincount(ids[ids >= 0])  # -1 fills the lists of images that show fewer
    print(f"{name}: the commonest concept stands on {counts.max() / len(table):.1%} of the images")
