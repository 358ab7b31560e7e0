"""Damaged instruction records: a document or a reject for each line, documents that can be written again."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.mutations import fuzzed, mutated, watched
from tests.transforms.packing.corpus import write_records
from transforms.datasets import rejects_table
from transforms.errors import EvenweaveError
from transforms.packing.documents.records import read_records
from transforms.packing.inputs import list_inputs
from transforms.packing.sources import PackSource, VideoSampling
from transforms.rejects import Reject


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("records")
    return folder, write_records(folder)


@fuzzed
@given(st.data(), st.booleans())
def test_records(records: tuple[pathlib.Path, list[dict[str, Any]]], data: st.DataObject, as_lines: bool) -> None:
    folder, rows = records
    rows = [row for row in rows if isinstance(row, dict)]
    lines = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    text = data.draw(mutated([lines if as_lines else json.dumps(rows).encode()]))
    path = folder / ("fuzzed.jsonl" if as_lines else "fuzzed.json")
    path.write_bytes(text)
    source = PackSource(name="test", format="conversations", path=str(path), media=str(folder))
    with watched():
        try:
            parts = list_inputs(source, 3000)
            items = [item for part in parts for item in read_records(part, source, VideoSampling())]
        except EvenweaveError:
            return
        finally:
            path.unlink()
        if as_lines:
            assert len(items) == sum(bool(line.strip()) for line in text.split(b"\n"))
        rejects = [item for item in items if isinstance(item, Reject)]
        assert rejects_table("fuzzed", rejects).num_rows == len(rejects)
        assert not any(" at 0x" in reject.detail for reject in rejects)
        for item in items:
            if not isinstance(item, Reject):
                json.dumps(item.document.to_dict(), ensure_ascii=False).encode()
