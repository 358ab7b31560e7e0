"""The Parquet files of a run folder take whatever bad input has to be told of."""

from __future__ import annotations

import pathlib

from transforms.datasets import read_table, rejects_table, write_table
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath


def test_rejects_hold_what_has_no_utf8_as_escapes(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "rejects.parquet"
    rejects = [Reject("a\udc80", Reason.MALFORMED_RECORD, "图 \ud800 and \0"), Reject("b", Reason.TOO_LONG, "图")]
    write_table(path, rejects_table("shard", rejects), "0123456789abcdef")
    rows = read_table(path, "0123456789abcdef").to_pylist()
    assert [(row["key"], row["detail"]) for row in rows] == [("a\\udc80", "图 \\ud800 and \0"), ("b", "图")]
