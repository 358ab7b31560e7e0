"""Parquet of messages: the columns of the layout ``messages`` of packed sets, and one for each flat fact.

``untrained`` are the turns that are not to be learnt, ``reasoning`` what was thought before each, where it is kept
apart: beside the turns, since trainers take these as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from transforms.conversations.document import Text
from transforms.instruct.publishing.sample import Sample, endings, flat_facts, parts_of
from transforms.packing.layouts import messages
from transforms.packing.layouts.row_groups import RowGroups

_STRINGS = pa.list_(pa.string())
_FACTS = [
    ("tools", pa.string()),
    ("untrained", pa.list_(pa.int16())),
    ("reasoning", _STRINGS),
    ("category", pa.string()),
    ("language", pa.string()),
    ("licence", pa.string()),
    ("model_terms", _STRINGS),
    ("source_key", pa.string()),
    ("pair_key", pa.string()),
    ("pair_relation", pa.string()),
    ("inclusion_probability", pa.float64()),
]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """As ``datasets.Features.to_dict`` writes it."""
    if pa.types.is_list(kind):
        return {"_type": "List", "feature": _feature(kind.value_type)}
    names = {pa.string(): "string", pa.int16(): "int16", pa.float64(): "float64"}
    return {"dtype": names[kind], "_type": "Value"}


def _schema() -> pa.Schema:
    features = json.loads(messages.SCHEMA.metadata[b"huggingface"])["info"]["features"]
    features |= {name: _feature(kind) for name, kind in _FACTS}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([*messages.SCHEMA, *(pa.field(name, kind) for name, kind in _FACTS)], metadata=metadata)


SCHEMA = _schema()


class ParquetShard:
    """Appends samples to a Parquet stream, in row groups."""

    def __init__(self, stream: Any) -> None:
        self._groups = RowGroups(stream, SCHEMA)

    def add(self, sample: Sample, media: Sequence[bytes]) -> None:
        """``media``: the bytes of the row's, in its order."""
        row = sample.row
        named = list(zip(row.media, endings(row), media, strict=True))
        values = {
            "key": sample.name,
            "source": row.source,
            "messages": [{"role": one.role, "content": parts_of(one)} for one in row.messages],
            "images": [{"bytes": data, "path": name} for one, name, data in named if one.kind == "image"],
            "videos": [{"bytes": data, "path": name} for one, name, data in named if one.kind == "video"],
            "tools": row.tools or None,
            "untrained": [index for index, one in enumerate(row.messages) if not one.train],
            "reasoning": [one.reasoning for one in row.messages]
            if any(one.reasoning is not None for one in row.messages)
            else [],
            **flat_facts(sample),
        }
        texts = (part.text for one in row.messages for part in one.content if isinstance(part, Text))
        self._groups.add(values, sum(map(len, media)) + sum(map(len, texts)))

    def finish(self) -> None:
        self._groups.finish()
