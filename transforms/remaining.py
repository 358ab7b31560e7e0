"""The rows that a stage after annotate has to do with: annotations less what the stages before it rejected.

Annotations are never rewritten. A stage that drops rows leaves rejects beside them, and whoever comes later reads the
annotations through here.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from transforms.datasets import ShardName, read_table
from transforms.run_folder import RunFolder
from transforms.stages import Stage, rejecting_before


def read_remaining(folder: RunFolder, shard: ShardName, before: Stage, columns: Sequence[str] | None) -> pa.Table:
    """``columns`` of the annotations of one shard (None: all), in their order, without rows rejected between annotate
    and ``before``.

    Raises RunFolderError where a file is of another version or of other settings.
    """
    rejected = _rejected_keys(folder, shard, before)
    wanted = columns if columns is None or not rejected or "key" in columns else [*columns, "key"]
    table = read_table(folder.annotations(*shard), folder.fingerprint, wanted)
    if not rejected:
        return table
    remains = pc.invert(pc.is_in(table["key"], value_set=pa.concat_arrays(rejected)))
    remaining = table.filter(remains)
    return remaining if columns is None else remaining.select(list(columns))


def _rejected_keys(folder: RunFolder, shard: ShardName, before: Stage) -> list[pa.Array]:
    paths = (folder.rejects(stage.name, *shard) for stage in rejecting_before(before))
    return [read_table(path, folder.fingerprint, ["key"])["key"].combine_chunks() for path in paths if path.exists()]
