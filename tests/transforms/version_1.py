"""A run folder of format version 1, out of one of this version: what code of that version left, file by file.

Held against the output of that code over the miniature corpus: Parquet without checksums of pages or footer, versions
"1" everywhere, annotations without ``source_key`` and ``source_record``, no sum of the vocabulary's embeddings, no
``inputs.parquet``, and of Energon's metadata only that of its version 7.
"""

from __future__ import annotations

import json
import pathlib

import pyarrow.parquet as pq

_LATER_COLUMNS = ("source_key", "source_record")
_LATER_FILES = ("inputs.parquet", "shards/.nv-meta/.info.yaml")
_DICTIONARIES = ("source", "shard", "format", "lang", "reason")


def to_version_1(root: pathlib.Path) -> None:
    """Rewrites the folder in place."""
    for name in _LATER_FILES:
        (root / name).unlink(missing_ok=True)
    for path in root.rglob("*.parquet"):
        table = pq.read_table(path)
        kept = [name for name in table.column_names if name not in _LATER_COLUMNS]
        metadata = {
            key.decode(): value.decode()
            for key, value in table.schema.metadata.items()
            if key in (b"fingerprint", b"counts")
        }
        pq.write_table(
            table.select(kept).replace_schema_metadata({"format_version": "1", **metadata}),
            path,
            compression="zstd",
            use_dictionary=[name for name in _DICTIONARIES if name in kept],
        )
    for path in root.rglob("*.json"):
        text = path.read_text()
        path.write_text(text.replace('"format_version": "2"', '"format_version": "1"'))
        if path.name == "meta.json":
            values = json.loads(text)
            values.pop("embeddings_xxh3", None)
            path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
