"""Texts put together by column, in Arrow, without a Python string for each."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# With 64-bit offsets: together, captions may be larger than 2 GB
TEXT = pa.large_string()
BINARY = pa.large_binary()


def join(*parts: pa.Array | str | bytes) -> pa.Array:
    """Arrays of one type, TEXT or BINARY, and constants → an array, the parts one behind another; null where one is."""
    kind = next(part.type for part in parts if isinstance(part, pa.Array))
    typed = (part if isinstance(part, pa.Array) else pa.scalar(part, kind) for part in parts)
    return pc.binary_join_element_wise(*typed, pa.scalar("", kind))


def zeros(most: int) -> pa.LargeBinaryArray:
    """0, 1, … ``most`` zero bytes: what ``take`` pads with."""
    return pa.array([bytes(count) for count in range(most + 1)], BINARY)
