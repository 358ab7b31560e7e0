"""A run folder belongs to one configuration, and says which."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence

import pyarrow as pa
import pytest

from tests.transforms.version_1 import to_version_1
from transforms.at_rest import FORMAT_VERSION
from transforms.checked_parquet import write_checked
from transforms.configuration import fingerprint
from transforms.datasets import read_counts, read_table, rejects_table, write_table
from transforms.errors import EvenweaveError, RunFolderError
from transforms.rejects import Counts, Reason, Reject
from transforms.run_folder import RunFolder, RunState, differences, stage_fingerprints
from transforms.stages import BALANCE, EXPORT, PACK, SPLIT, Stage
from transforms.storage import StoragePath

IDENTITY = {"settings": {"balance": {"size": 5}}, "inputs": {"a": {"shards": 1}}}


def open_run(root: pathlib.Path, identity: dict = IDENTITY) -> RunState:  # type: ignore[type-arg]
    return RunState.open(RunFolder(StoragePath.of(root), fingerprint(identity)), {"name": "x"}, identity)


def test_a_run_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
    record = open_run(tmp_path)
    record.begin("annotate")
    assert not open_run(tmp_path).is_done("annotate")
    record.finish("annotate", Counts(5, 4, {"empty_image": 1}))
    again = open_run(tmp_path)
    assert again.is_done("annotate") and not again.is_done("balance")
    assert again.counts("annotate") == Counts(5, 4, {"empty_image": 1})


def test_what_a_killed_driver_left_of_run_json_is_removed(tmp_path: pathlib.Path) -> None:
    open_run(tmp_path)
    (tmp_path / "run.json.partial-0123").write_text("{")
    open_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_other_settings_are_refused_by_name(tmp_path: pathlib.Path) -> None:
    open_run(tmp_path)
    with pytest.raises(RunFolderError, match=r"changed: settings.balance.size. Choose a new output folder"):
        open_run(tmp_path, {**IDENTITY, "settings": {"balance": {"size": 6}}})
    with pytest.raises(RunFolderError, match=r"changed: inputs.a.shards, inputs.b"):
        open_run(tmp_path, {**IDENTITY, "inputs": {"a": {"shards": 2}, "b": 1}})


def test_what_is_no_run_folder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunState.read(StoragePath.of(tmp_path))
    (tmp_path / "run.json").write_text('{"format_version": "0"}')
    with pytest.raises(RunFolderError, match=f"format version 0, this code reads version {FORMAT_VERSION}"):
        RunState.read(StoragePath.of(tmp_path))


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


def test_where_everything_lies() -> None:
    """Other runs, readers and people find it there: the folder's shape does not change."""
    folder = RunFolder(StoragePath.of("/runs/a"), "f1")
    found = {
        "run.json": folder.run_json,
        "vocabulary": folder.vocabulary,
        "concepts.parquet": folder.concepts,
        "shards": folder.shards,
        "report/index.html": folder.report,
        "annotations/s/x.parquet": folder.annotations("s", "x"),
        "selection/s/x.parquet": folder.selection("s", "x"),
        "rejects/balance/s/x.parquet": folder.rejects("balance", "s", "x"),
        ".balance-counts.json": folder.counts("balance"),
        "inputs.parquet": folder.inputs,
        "index/s/x.parquet": folder.index("s", "x"),
        "embeddings": folder.embeddings,
        "balance/certificate.json": folder.certificate,
        "balance/baselines.parquet": folder.baselines,
        "balance/sample.parquet": folder.balance_sample,
        "balance/sample-00012.parquet": folder.balance_sample_part(12),
        ".elements": folder.elements,
        ".under-repair": folder.under_repair,
    }
    assert {str(path) for path in found.values()} == {f"/runs/a/{name}" for name in found}
    assert all(str(path) == f"/runs/a/{name}" for name, path in found.items())


def test_the_record_at_rest(tmp_path: pathlib.Path) -> None:
    record = open_run(tmp_path)
    record.finish("annotate", Counts(5, 4, {"empty_image": 1}), secs=1.5)
    text = (tmp_path / "run.json").read_text()
    values = json.loads(text)
    assert text == json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert values["format_version"] == FORMAT_VERSION and values["code_version"]
    assert (values["fingerprint"], values["config"], values["identity"]) == (
        fingerprint(IDENTITY),
        {"name": "x"},
        IDENTITY,
    )
    counts = {"rows_in": 5, "rows_out": 4, "rejects": {"empty_image": 1}}
    assert values["stages"] == {"annotate": {"state": "done", "counts": counts, "secs": 1.5}}


def test_names_in_the_record_are_written_as_they_are(tmp_path: pathlib.Path) -> None:
    open_run(tmp_path, {"inputs": "图"})
    assert "图" in (tmp_path / "run.json").read_text()


def test_what_differs_is_named_and_no_more_than_ten() -> None:
    before = {"a": {"x": 1, "y": [1, 2]}, "b": 0, "c": None}
    assert differences(before, before) == []
    assert differences(before, {"a": {"x": 2, "y": [1, 3]}, "b": 0, "d": {}}) == ["a.x", "a.y", "d"]
    assert differences(before, {"a": 1, "b": 0}) == ["a"]
    many = {str(number): number for number in range(12)}
    assert differences(many, {}) == sorted(many)[:10]


def test_a_stage_is_done_when_it_was_finished_and_not_begun_again(tmp_path: pathlib.Path) -> None:
    record = open_run(tmp_path)
    assert record.is_done("annotate") is False
    record.finish("annotate", Counts(1, 1))
    assert record.is_done("annotate") is True
    record.begin("annotate")
    assert record.is_done("annotate") is False


def test_counts_that_a_job_left(tmp_path: pathlib.Path) -> None:
    folder = RunFolder(StoragePath.of(tmp_path), "f1")
    counts = Counts(5, 4, {"empty_image": 1})
    folder.counts("balance").write_text(json.dumps(counts.to_dict()))
    assert folder.read_stage_counts("balance") == counts
    with pytest.raises(RunFolderError, match="annotate-counts"):
        folder.read_stage_counts("annotate")
    folder.counts("balance").write_text('{"rows_in": 5}')
    with pytest.raises(RunFolderError, match="balance-counts"):
        folder.read_stage_counts("balance")


def test_a_run_of_an_older_version_is_read_where_that_is_asked_for(tmp_path: pathlib.Path) -> None:
    """To look into it; what would go on with it does not ask."""
    open_run(tmp_path).finish("annotate", Counts(1, 1))
    assert not RunState.read(StoragePath.of(tmp_path)).is_older
    to_version_1(tmp_path)
    with pytest.raises(RunFolderError, match="format version 1, this code reads version 2"):
        RunState.read(StoragePath.of(tmp_path))
    older = RunState.read(StoragePath.of(tmp_path), older_too=True)
    assert older.is_older and older.counts("annotate") == Counts(1, 1)


def names(stages: Sequence[Stage]) -> list[str]:
    return [stage.name for stage in stages]


def test_the_stages_of_a_build_stand_in_the_order_of_the_chain(tmp_path: pathlib.Path) -> None:
    record = open_run(tmp_path)
    assert record.begun == []
    record.finish("export", Counts(1, 1))
    record.begin("annotate")
    assert names(record.begun) == ["annotate", "export"]
    assert names(record.from_on(BALANCE)) == ["balance", "export"]
    assert record.of(BALANCE) is record


def test_the_stages_of_a_mixture_stand_in_the_order_of_its_settings(tmp_path: pathlib.Path) -> None:
    """Each with a fingerprint of its own: of its settings, its inputs, the seed, and all that came before."""
    order = ["standardise", "mix", "split", "publish"]
    identity = {"stages": order, "settings": {"seed": 1, "mix": {"size": 5}}, "inputs": {"standardise": "x"}}
    record = open_run(tmp_path, identity)
    for stage in ("split", "mix", "standardise"):
        record.begin(stage)
    assert names(record.begun) == ["standardise", "mix", "split"]
    assert names(record.from_on(SPLIT)) == ["split", "publish"]
    fingerprints = stage_fingerprints(identity)
    assert list(fingerprints) == order and len(set(fingerprints.values())) == 4
    for stage in record.begun:
        assert record.of(stage).folder == RunFolder(record.folder.root, fingerprints[stage.name])
        assert record.of(stage).values is record.values
    other = stage_fingerprints({**identity, "settings": {"seed": 1, "mix": {"size": 6}}})
    assert [name for name in order if other[name] == fingerprints[name]] == ["standardise"]
    assert not set(stage_fingerprints({**identity, "settings": {"seed": 2}}).values()) & set(fingerprints.values())
    moved = stage_fingerprints({**identity, "inputs": {"standardise": "y"}})
    assert not set(moved.values()) & set(fingerprints.values())


def test_what_is_made_anew_belongs_to_the_settings_that_are_taken_on(tmp_path: pathlib.Path) -> None:
    record = open_run(tmp_path)
    record.adopt("f2", {"name": "y"}, {"settings": {}})
    assert record.folder.fingerprint == "f2"
    again = RunState.read(StoragePath.of(tmp_path))
    assert again.folder == record.folder
    assert (again.values["config"], again.values["identity"]) == ({"name": "y"}, {"settings": {}})


def test_where_a_stage_leaves_shards_with_a_manifest(tmp_path: pathlib.Path) -> None:
    record = open_run(tmp_path)
    assert (record.manifest_of(EXPORT), record.manifest_of(PACK)) == ("shards", "packed")
    assert record.manifest_of(BALANCE) is None
    record.values["config"] = {"export": {"form": "index"}}  # in place of shards
    assert (record.manifest_of(EXPORT), record.manifest_of(PACK)) == (None, "packed")
