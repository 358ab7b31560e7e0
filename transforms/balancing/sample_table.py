"""``balance/sample.parquet``: the sample that ``even`` was fitted on, kept so that others can be tried on it.

One that is large lies in parts, sample-00001.parquet and so on beside the first, so that no file is beyond bounds."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from transforms.at_rest import parsing
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.sampling import Ints
from transforms.datasets import balance_sample_schema, list_matrix, read_metadata, read_table, write_table
from transforms.run_folder import RunFolder

#: 50 MB of 10 concepts an image: a sample of the size that is the default is one file.
ROWS_PER_PART = 1_000_000


def write_sample(sample: WeighedSample, folder: RunFolder, inside: Ints) -> None:
    """With the (V,) images of each concept in strata that give any, and the rows of each stratum, in its footer."""
    width = sample.ids.shape[1]
    ids = pa.FixedSizeListArray.from_arrays(pa.array(sample.ids.ravel(), pa.int32()), width)
    table = pa.table([ids, sample.cells, sample.weight], schema=balance_sample_schema(width))
    parts = max(1, -(-len(table) // ROWS_PER_PART))
    for number in range(1, parts):
        rows = table.slice(number * ROWS_PER_PART, ROWS_PER_PART)
        write_table(folder.balance_sample_part(number), rows, folder.fingerprint)
    corpus = {"rows": sample.rows.tolist(), "bare_rows": sample.bare_rows.tolist(), "inside": inside.tolist()}
    about = {"corpus": json.dumps(corpus), "parts": str(parts)}
    write_table(folder.balance_sample, table.slice(0, ROWS_PER_PART), folder.fingerprint, about=about)


def read_sample(folder: RunFolder) -> tuple[WeighedSample, Ints]:
    """The sample, and the (V,) images of each concept; raises RunFolderError where there is none."""
    path = folder.balance_sample
    metadata = read_metadata(path, folder.fingerprint)
    with parsing(path):
        about, parts = json.loads(metadata["corpus"]), int(metadata.get("parts", 1))
    paths = [path, *(folder.balance_sample_part(number) for number in range(1, parts))]
    table = pa.concat_tables([read_table(one, folder.fingerprint) for one in paths])
    sample = WeighedSample(
        list_matrix(table["concept_ids"]),
        table["stratum"].to_numpy(),
        table["stands_for"].to_numpy(),
        np.array(about["rows"], np.int64),
        np.array(about["bare_rows"], np.int64),
    )
    return sample, np.array(about["inside"], np.int64)
