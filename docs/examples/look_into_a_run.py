"""What a finished run holds: ``python docs/examples/look_into_a_run.py runs/mini``."""

from __future__ import annotations

import sys

import evenweave

run = evenweave.open_run(sys.argv[1])
for stage in run.stages.values():
    if stage.counts is not None:
        print(f"{stage.name}: {stage.counts.rows_in:,} in, {stage.counts.rows_out:,} out")

# annotations and selection are Arrow tables; to_pandas() makes data frames of them
annotations = run.annotations(["source", "lang", "width", "height"]).to_pandas()
print(annotations.groupby("lang").size().to_string())
selection = run.selection(columns=["caption", "lang"]).to_pandas()
print(selection.groupby("lang")["copies"].sum().to_string())

# the concept histogram: rare concepts first, with what balancing made of them
for row in run.concepts("rare").slice(0, 5).to_pylist():
    print(f"{row['name']}: {row['count_before']:,} images before, {row['count_after']:,} after")

# the balanced shards, as any other WebDataset
sample = next(iter(run.webdataset().decode()))
print(sample["__key__"], sample["json"]["width"], sample["json"]["height"], sample["txt"])
