from __future__ import annotations

import io
import os

import pytest
from PIL import Image
from rich.console import Console

from pipelines import report
from tests.transforms.reporting.synthetic_run import Row, SyntheticRun
from transforms.errors import RunFolderError
from transforms.exporting.manifest import ShardStats, write_manifest
from transforms.storage import StoragePath

STAGES = ("vocabulary", "annotate", "deduplicate", "balance", "export")


@pytest.fixture
def run(tmp_path) -> SyntheticRun:  # type: ignore[no-untyped-def]
    """Over a folder of two real pictures; their place in a folder is their number in it."""
    images = tmp_path / "images"
    images.mkdir()
    for name, colour in (("a", "red"), ("b", "blue")):
        Image.new("RGB", (40, 40), colour).save(images / f"{name}.png")
    return SyntheticRun(
        concepts=[("red", 1, 0, 1), ("blue", 1, 1, 0)],
        rows={
            ("web", "000000"): [
                Row("a", [0], copies=1, size_bytes=os.path.getsize(images / "a.png")),
                Row("b", [1], offset=1, size_bytes=os.path.getsize(images / "b.png")),
            ]
        },
        config={
            "balance": {"method": "raked", "size": 1},
            "sources": [{"name": "web", "format": "folder", "path": str(images), "license": "CC0-1.0"}],
            "files_per_shard": 1000,
        },
    )


@pytest.fixture
def root(tmp_path) -> StoragePath:  # type: ignore[no-untyped-def]
    return StoragePath.of(tmp_path / "run")


def finish(run: SyntheticRun, root: StoragePath) -> None:
    record = run.write(root, STAGES)
    stats = ShardStats("mini-000000.tar", 1, 10, "0" * 64, {"web": 1}, {"en": 1}, {"png": 1})
    write_manifest(root / "shards", "mini", [stats], record.folder.fingerprint)


@pytest.mark.slow
def test_page_pictures_and_card_are_written(run: SyntheticRun, root: StoragePath) -> None:
    finish(run, root)
    stream = io.StringIO()
    page = report.run(str(root), Console(file=stream, width=100))
    assert page == root / "report" / "index.html"
    text = page.read_text()
    assert text.count('<img src="data:image/jpeg;base64,') == 1 and text.count('<img class="dropped"') == 1
    assert {path.name for path in (root / "report").walk()} == {
        "index.html",
        "rank_frequency.svg",
        "rank_frequency.png",
        "concept_histogram.svg",
        "concept_histogram.png",
    }
    card = (root / "shards" / "README.md").read_text()
    assert "| normalised entropy | 1 |" in card
    assert "(rank_frequency.png)" in card and (root / "shards" / "rank_frequency.png").is_file()
    assert "| `balance.method` | `raked` |" in card
    assert "normalised entropy" in stream.getvalue() and "vocabulary" not in stream.getvalue()


@pytest.mark.slow
def test_a_second_report_changes_no_file(run: SyntheticRun, root: StoragePath) -> None:
    finish(run, root)
    console = Console(file=io.StringIO())

    def state() -> dict[str, tuple[int, bytes]]:
        return {path.path: (os.stat(path.path).st_mtime_ns, path.read_bytes()) for path in root.walk()}

    report.run(str(root), console)
    first = state()
    report.run(str(root), console)
    assert state() == first


@pytest.mark.slow
def test_an_input_that_moved_leaves_the_pictures_out(run: SyntheticRun, root: StoragePath) -> None:
    finish(run, root)
    images = run.config["sources"][0]["path"]
    os.rename(images, f"{images}-elsewhere")
    text = report.run(str(root), Console(file=io.StringIO())).read_text()
    assert "<img" not in text
    assert text.count(">picture not readable<") == 2


def test_without_an_export_there_is_no_card(run: SyntheticRun, root: StoragePath) -> None:
    run.write(root, STAGES[:-1])
    assert report.run(str(root), Console(file=io.StringIO())).is_file()
    assert not (root / "shards").exists()


def test_a_folder_without_a_run_is_refused(root: StoragePath) -> None:
    with pytest.raises(RunFolderError, match=r"is not a run folder: it has no run\.json"):
        report.run(str(root))
