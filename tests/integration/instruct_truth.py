"""What the embedded instruction corpus knows of each row of a run over it."""

from __future__ import annotations

import pathlib
from typing import Any

import pyarrow.parquet as pq

from transforms.stages import REJECTS, STANDARDISE


def truth_by_key(corpus: pathlib.Path, run: pathlib.Path) -> dict[str, dict[str, Any]]:
    """Key of a row, or of a reject of standardise → the truth about the record that it was read from.

    Keys of a part rise as its records stand in the file, which is how the truth counts them.
    """
    records: dict[tuple[str, str, int], dict[str, Any]] = {}
    for record in pq.read_table(corpus / "truth" / "rows.parquet").to_pylist():
        records[record["source"], record["file"].rpartition(".")[0], record["position"]] = record
    keys: dict[tuple[str, str], list[str]] = {}
    for place in (STANDARDISE.writes[0], f"{REJECTS}/{STANDARDISE.name}"):
        for path in sorted((run / place).rglob("*.parquet")):
            found = pq.read_table(path, columns=["key"])["key"].to_pylist()
            keys.setdefault((path.parent.name, path.stem), []).extend(found)
    return {
        key: records[source, part, position]
        for (source, part), found in keys.items()
        for position, key in enumerate(sorted(found))
    }


def rejected(run: pathlib.Path, stage: str) -> dict[str, str]:
    """Key → reason."""
    found: dict[str, str] = {}
    for path in sorted((run / REJECTS / stage).rglob("*.parquet")):
        table = pq.read_table(path, columns=["key", "reason"])
        found.update(zip(table["key"].to_pylist(), table["reason"].to_pylist(), strict=True))
    return found
