"""The rows of one part on disk."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from transforms.batching import batched
from transforms.datasets import read_counts, write_rejects, write_table
from transforms.instruct.chain.changed_inputs import INPUT_DIGEST, RowsDigest
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.rows import to_table
from transforms.instruct.schema import ROWS
from transforms.instruct.settings import InstructSource
from transforms.instruct.standardising import standardise
from transforms.rejects import Counts, Reject
from transforms.stages import STANDARDISE

_BATCH_ROWS = 1_000  # held as objects at once


def standardise_part(folder: InstructFolder, part: InstructPart, source: InstructSource) -> Counts:
    """Write the rows of a part, and its rejects; returns its counts. One that is there stays as it is."""
    name, prints = (part.source, part.name), folder.fingerprints[STANDARDISE.name]
    own = replace(folder, fingerprint=prints)
    path = own.rows(*name)
    if path.is_file():
        return read_counts(path, prints)
    rejects: list[Reject] = []
    tables: list[pa.Table] = []
    digest = RowsDigest()
    for batch in batched(standardise(part, source), _BATCH_ROWS):
        for one in batch:
            digest.take(one)
        rejects += [one for one in batch if isinstance(one, Reject)]
        tables.append(to_table(one for one in batch if not isinstance(one, Reject)))
    table = pa.concat_tables([ROWS.empty_table(), *tables])
    counts = write_rejects(own.rejects(STANDARDISE.name, *name), part.name, rejects, prints, table.num_rows)
    write_table(path, table, prints, counts, {INPUT_DIGEST: digest.hexdigest()})
    return counts
