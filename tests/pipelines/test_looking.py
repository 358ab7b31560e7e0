"""A run of the format version before is looked into as one of this version is, and never gone on with."""

from __future__ import annotations

import io
import pathlib
import shutil
from collections.abc import Callable

import pytest
from rich.console import Console

from pipelines import compare, concepts, rejects, report, show, verify
from pipelines.looking import look_into
from tests.pipelines.finished_run import finished_run
from tests.transforms.version_1 import to_version_1
from transforms.browsing.run import open_run
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.repair import repair

Look = Callable[[str, Console], object]
LOOKS: dict[str, Look] = {
    "concepts": lambda root, console: concepts.run(root, "gain", None, None, console),
    "show a concept": lambda root, console: show.run(root, "red", None, 8, f"{root}/sheet.html", console),
    "show rejects": lambda root, console: show.run(root, None, "not_selected", 8, f"{root}/sheet.html", console),
    "rejects": lambda root, console: rejects.run(root, f"{root}/left.csv", None, console),
    "compare": lambda root, console: compare.run(root, root, f"{root}/compared.html", console),
    "report": lambda root, console: report.run(root, console),
}


@pytest.fixture
def new(tmp_path: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(str(finished_run(tmp_path).folder.root))


@pytest.fixture
def old(new: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    root = pathlib.Path(shutil.copytree(new, tmp_path / "old"))
    to_version_1(root)
    return root


def said(look: Look, root: pathlib.Path) -> str:
    stream = io.StringIO()
    look(str(root), Console(file=stream, width=200))
    return stream.getvalue().replace(str(root), "RUN")


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_it_says_what_a_run_of_this_version_says_and_what_it_lacks(
    look: Look, new: pathlib.Path, old: pathlib.Path
) -> None:
    note = (
        "note: RUN is of format version 1: its Parquet files carry no checksums, so damage to their values may not show"
    )
    assert "note:" not in said(look, new)
    out = said(look, old)
    assert out.startswith(note)
    assert "".join(line for line in out.splitlines(True) if "note:" not in line) == said(look, new)


def test_columns_that_came_later_are_null(old: pathlib.Path, new: pathlib.Path) -> None:
    run = open_run(old)
    assert run.format_version == "1" and open_run(new).format_version == "2"
    assert run.annotations(["source_record", "key"]).to_pylist()[0] == {"source_record": None, "key": "a"}
    assert run.annotations().schema == open_run(new).annotations().schema


def test_no_command_goes_on_with_it(old: pathlib.Path) -> None:
    path, advice = StoragePath.of(old), "format version 1, this code reads version 2.* not gone on with.*new folder"
    with pytest.raises(RunFolderError, match=advice):
        RunState.open(RunFolder(path, open_run(old).fingerprint), {}, {})
    with pytest.raises(RunFolderError, match=advice):
        RunState.read(path)
    before = (old / "run.json").read_bytes()
    with pytest.raises(RunFolderError, match=r"cannot be made anew there\. Run the job again into a new folder"):
        repair(look_into(str(old), Console(file=io.StringIO())), [Finding(path / "concepts.parquet", "is gone", None)])
    assert (old / "run.json").read_bytes() == before


def test_a_file_of_it_in_a_run_of_this_version_is_refused(old: pathlib.Path, new: pathlib.Path) -> None:
    """Else one that was copied there would be read without its checksums."""
    shutil.copy(old / "concepts.parquet", new / "concepts.parquet")
    with pytest.raises(RunFolderError, match="the checksum of its footer is another"):
        open_run(new).concepts()


def test_a_file_that_was_cut_is_told(old: pathlib.Path) -> None:
    path = old / "concepts.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RunFolderError, match=r"concepts\.parquet cannot be read as Parquet"):
        open_run(old).concepts()


def test_packs_of_it_cannot_be_trusted(old: pathlib.Path) -> None:
    state = RunState.read(StoragePath.of(old), older_too=True)
    state.begin("pack")
    with pytest.raises(RunFolderError, match="packs of format version 1, which carry no sums"):
        verify.run(str(old), console=Console(file=io.StringIO()))
