"""The selection for those who keep their own tars: a table an input shard, in place of tars with the images."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from transforms.datasets import SELECTION, ShardName, read_table, write_table
from transforms.errors import RunFolderError
from transforms.rejects import Counts
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import EXPORT

#: A row a selected sample, in the order of the input. ``key``: as the source itself has it. ``member_offset``: of the
#: image, bytes into a tar, else the number of the row or file. ``copies`` is how often to show it; ``weight``, the
#: inverse of ``inclusion_probability``, is what a sample counts for where the whole corpus is to be estimated.
INDEX = pa.schema(
    [
        ("key", pa.string()),
        ("member_offset", pa.int64()),
        ("copies", pa.int32()),
        ("inclusion_probability", pa.float64()),
        ("weight", pa.float64()),
    ]
)


def write_index(folder: RunFolder, name: ShardName) -> Counts:
    """Write index/… of one shard; returns its counts, of copies. At once done when it is there."""
    path = folder.index(*name)
    table = read_table(path, folder.fingerprint) if path.is_file() else _index(folder, name)
    if not path.is_file():
        write_table(path, table, folder.fingerprint, Counts(table.num_rows, table.num_rows))
    copies = pc.sum(table["copies"]).as_py() or 0
    return Counts(copies, copies)


def _index(folder: RunFolder, name: ShardName) -> pa.Table:
    selection = read_table(folder.selection(*name), folder.fingerprint, SELECTION.names)
    rows = read_remaining(folder, name, EXPORT, ["key", "source_key", "member_offset"])
    found = pc.index_in(selection["key"], value_set=rows["key"].combine_chunks())
    if found.null_count:
        raise RunFolderError(
            f"{folder.selection(*name)} names {found.null_count} samples that are not among the {rows.num_rows} rows "
            "of this shard that remain. Run the job again into a new folder."
        )
    order = pc.sort_indices(found)
    selection, rows = selection.take(order), rows.take(found.take(order))
    probability = selection["inclusion_probability"]
    columns = {
        "key": pc.coalesce(rows["source_key"], rows["key"]),
        "member_offset": rows["member_offset"],
        "copies": selection["copies"],
        "inclusion_probability": probability,
        "weight": pc.divide(1.0, probability),
    }
    return pa.table(columns, schema=INDEX)
