"""``balance/sample.parquet``: the sample that ``even`` was fitted on, kept so that others can be tried on it."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from transforms.at_rest import parsing
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.sampling import Ints
from transforms.datasets import balance_sample_schema, list_matrix, read_metadata, read_table, write_table
from transforms.run_folder import RunFolder


def write_sample(sample: WeighedSample, folder: RunFolder, inside: Ints) -> None:
    """With the (V,) images of each concept in strata that give any, and the rows of each stratum, in its footer."""
    width = sample.ids.shape[1]
    ids = pa.FixedSizeListArray.from_arrays(pa.array(sample.ids.ravel(), pa.int32()), width)
    table = pa.table([ids, sample.cells, sample.weight], schema=balance_sample_schema(width))
    about = {"rows": sample.rows.tolist(), "bare_rows": sample.bare_rows.tolist(), "inside": inside.tolist()}
    write_table(folder.balance_sample, table, folder.fingerprint, about={"corpus": json.dumps(about)})


def read_sample(folder: RunFolder) -> tuple[WeighedSample, Ints]:
    """The sample, and the (V,) images of each concept; raises RunFolderError where there is none."""
    path = folder.balance_sample
    table = read_table(path, folder.fingerprint)
    with parsing(path):
        about = json.loads(read_metadata(path, folder.fingerprint)["corpus"])
    sample = WeighedSample(
        list_matrix(table["concept_ids"]),
        table["stratum"].to_numpy(),
        table["stands_for"].to_numpy(),
        np.array(about["rows"], np.int64),
        np.array(about["bare_rows"], np.int64),
    )
    return sample, np.array(about["inside"], np.int64)
