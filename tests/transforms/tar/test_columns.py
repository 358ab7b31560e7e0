"""Texts put together by column."""

from __future__ import annotations

import pyarrow as pa

from transforms.tar.columns import BINARY, TEXT, join, zeros


def test_parts_are_joined_by_row_and_null_stays_null() -> None:
    first, second = pa.array(["a", None, "图", ""], TEXT), pa.array(["1", "2", None, ""], TEXT)
    assert join(first, ".", second).equals(pa.array(["a.1", None, None, "."], TEXT))
    assert join("x", first.cast(BINARY), b"\xff").equals(
        pa.array([b"xa\xff", None, "x图".encode() + b"\xff", b"x\xff"], BINARY)
    )


def test_zeros_of_every_length() -> None:
    assert zeros(3).equals(pa.array([b"", b"\0", b"\0\0", b"\0\0\0"], BINARY))
