"""A run folder belongs to one configuration, and says which."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pytest

from transforms.at_rest import FORMAT_VERSION
from transforms.checked_parquet import write_checked
from transforms.configuration import fingerprint
from transforms.datasets import read_counts, read_table, rejects_table, write_table
from transforms.errors import EvenweaveError, RunFolderError
from transforms.rejects import Counts, Reason, Reject
from transforms.run_folder import RunFolder, RunRecord
from transforms.storage import StoragePath

IDENTITY = {"settings": {"balance": {"size": 5}}, "inputs": {"a": {"shards": 1}}}


def open_run(root: pathlib.Path, identity: dict = IDENTITY) -> RunRecord:  # type: ignore[type-arg]
    return RunRecord.open(RunFolder(StoragePath.of(root), fingerprint(identity)), {"name": "x"}, identity)


def test_a_run_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
    record = open_run(tmp_path)
    record.begin("annotate")
    assert not open_run(tmp_path).is_done("annotate")
    record.finish("annotate", Counts(5, 4, {"empty_image": 1}))
    again = open_run(tmp_path)
    assert again.is_done("annotate") and not again.is_done("balance")
    assert again.counts("annotate") == Counts(5, 4, {"empty_image": 1})


def test_other_settings_are_refused_by_name(tmp_path: pathlib.Path) -> None:
    open_run(tmp_path)
    with pytest.raises(RunFolderError, match=r"changed: settings.balance.size. Choose a new output folder"):
        open_run(tmp_path, {**IDENTITY, "settings": {"balance": {"size": 6}}})
    with pytest.raises(RunFolderError, match=r"changed: inputs.a.shards, inputs.b"):
        open_run(tmp_path, {**IDENTITY, "inputs": {"a": {"shards": 2}, "b": 1}})


def test_what_is_no_run_folder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunRecord.read(StoragePath.of(tmp_path))
    (tmp_path / "run.json").write_text('{"format_version": "0"}')
    with pytest.raises(RunFolderError, match=f"format version 0, this code reads version {FORMAT_VERSION}"):
        RunRecord.read(StoragePath.of(tmp_path))


def test_tables_carry_counts_and_refuse_a_stranger(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "a.parquet"
    table = rejects_table("s", [Reject("k", Reason.EMPTY_IMAGE, "d")])
    write_table(path, table, "f1", Counts(3, 2, {"empty_image": 1}))
    assert read_counts(path, "f1") == Counts(3, 2, {"empty_image": 1})
    assert read_table(path, "f1", ["reason"]).to_pydict() == {"reason": ["empty_image"]}
    before = path.read_bytes()
    write_table(path, table, "f1", Counts(3, 2, {"empty_image": 1}))
    assert path.read_bytes() == before
    with pytest.raises(RunFolderError, match="made with settings f1, this run has f2"):
        read_table(path, "f2")


def test_a_file_of_another_make_is_refused(tmp_path: pathlib.Path) -> None:
    with pa.OSFile(str(tmp_path / "a.parquet"), "wb") as stream:
        write_checked(stream, pa.table({"a": [1]}))
    with pytest.raises(RunFolderError, match="format version None"):
        read_table(StoragePath.of(tmp_path) / "a.parquet", None)


def test_lost_rows_stop_a_stage() -> None:
    Counts(3, 2, {"empty_image": 1}).check("annotate", 0.5)
    with pytest.raises(EvenweaveError, match="1 are unaccounted for"):
        Counts(4, 2, {"empty_image": 1}).check("annotate")
    with pytest.raises(EvenweaveError, match=r"2 of 4 rows were rejected \(empty_image 2\)"):
        Counts(4, 2, {"empty_image": 2}).check("annotate", 0.4)


def test_counts_add_up_in_any_order() -> None:
    parts = [Counts(2, 1, {"a": 1}), Counts(3, 1, {"b": 2}), Counts(1, 0, {"a": 1})]
    assert sum(parts, start=Counts()) == sum(reversed(parts), start=Counts()) == Counts(6, 2, {"a": 2, "b": 2})
