"""Rows as stages left them: the texts that were read, with what was written over them, stage after stage.

Shape legend: N rows, M messages and P parts of all rows one behind another, E edits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from transforms.errors import RunFolderError
from transforms.instruct.schema import KEPT, MESSAGE, PART


def text_hash(text: str) -> bytes:
    """xxh3-128, 16 bytes: what an edit calls the text that it was written over."""
    return xxhash.xxh3_128_digest(text.encode())


def fold(rows: pa.Table, edits: Iterable[tuple[str, pa.Table]]) -> pa.Table:
    """(N) rows with the texts that the stages, each with its edits, left; an edit that was refused changes nothing.

    Raises RunFolderError, naming the stage and the row, for an edit of a text that is not the one it was written over,
    and of a part that is no text: then edits and rows do not belong together.
    """
    if not rows.num_rows:
        return rows
    messages = rows["messages"].combine_chunks()
    contents = messages.flatten().field("content")
    parts = contents.flatten()
    texts = np.asarray(parts.field("text").to_pylist(), object)  # (P,)
    keys = rows["key"].combine_chunks()
    for stage, table in edits:
        kept = table.filter(pc.equal(table["verdict"], KEPT))
        if kept.num_rows:
            _write_over(texts, _places(kept, keys, messages, contents, stage), kept, stage)
    written = pa.StructArray.from_arrays(
        [parts.field("type"), pa.array(texts, pa.string()), parts.field("media")], fields=list(PART)
    )
    columns = [messages.flatten().field(name) for name in MESSAGE.names if name != "content"]
    columns.insert(MESSAGE.get_field_index("content"), pa.ListArray.from_arrays(_offsets(contents), written))
    folded = pa.ListArray.from_arrays(_offsets(messages), pa.StructArray.from_arrays(columns, fields=list(MESSAGE)))
    return rows.set_column(rows.schema.get_field_index("messages"), rows.schema.field("messages"), folded)


def _places(
    edits: pa.Table, keys: pa.Array, messages: pa.ListArray, contents: pa.ListArray, stage: str
) -> NDArray[np.int64]:
    """(E,) the part, among P, that each edit is of; raises RunFolderError for one that is not there."""
    at = pc.index_in(edits["key"].combine_chunks(), keys).fill_null(-1).to_numpy(zero_copy_only=False)
    for name, lists in (("message", messages), ("part", contents)):
        starts = _offsets(lists).to_numpy().astype(np.int64)
        within = edits[name].to_numpy().astype(np.int64)
        known = (at >= 0) & (within >= 0) & (within < starts[at + 1] - starts[at])
        at = np.where(known, starts[at] + within, -1)
    if (at < 0).any():
        raise _foreign(stage, edits.slice(int(at.argmin()), 1).to_pylist()[0], "no such part")
    return np.asarray(at, np.int64)


def _write_over(texts: NDArray[np.object_], places: NDArray[np.int64], edits: pa.Table, stage: str) -> None:
    for place, edit in zip(places, edits.select(["key", "message", "part", "text", "before"]).to_pylist(), strict=True):
        if texts[place] is None:
            raise _foreign(stage, edit, "that part is no text")
        if text_hash(texts[place]) != edit["before"]:
            raise _foreign(stage, edit, "that part reads otherwise than the text it was written over")
        texts[place] = edit["text"]


def _foreign(stage: str, edit: dict[str, Any], why: str) -> RunFolderError:
    return RunFolderError(
        f"edits of {stage} do not belong to these rows: {edit['key']}, message {edit['message']}, part "
        f"{edit['part']}: {why}. Run {stage} again."
    )


def _offsets(lists: pa.ListArray) -> pa.Array:
    """Of the values as ``flatten`` gives them: from 0, also of a slice; an empty list for a null."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
