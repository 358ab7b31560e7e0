"""Captions of a small run by a server of the test, their account, and the export with both languages."""

from __future__ import annotations

import dataclasses
import io
import json
import pathlib
import shutil
import tarfile
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from pipelines.caption import CaptionJobSettings, run
from tests.transforms.exporting.small_run import SmallRun, draw_tars, small_run, some_copies
from tests.transforms.instruct.asking.chat_server import ChatServer, Said, completion, serving, text_of
from tests.transforms.reporting.synthetic_run import CONFIG
from transforms.browsing.shards import shard_files
from transforms.captioning.files import CaptionFolder, read_account
from transforms.checked_parquet import write_checked
from transforms.configuration import validate
from transforms.datasets import read_table
from transforms.errors import ConfigError, EvenweaveError, RunFolderError
from transforms.instruct.asking.client import ServerError
from transforms.keyed import hash64
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath
from transforms.verifying.captions import check_captions
from transforms.verifying.finding import Finding
from transforms.verifying.repair import repair


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """Three tars of 12 images, of which half are chosen; exported once already. Tests change copies of it."""
    folder = tmp_path_factory.mktemp("drawn")
    source = draw_tars(folder / "raw" / "first", shards=3, samples=12)
    found = small_run(folder / "run", [source], some_copies)
    config = {**CONFIG, "sources": [source.model_dump(mode="json")], "files_per_shard": 50}
    state = RunState.open(found.folder, config, {})
    for stage in ("annotate", "deduplicate", "balance"):
        state.finish(stage, Counts(36, 36))
    state.finish("export", found.export())
    return found


def copied(run: SmallRun, root: pathlib.Path) -> SmallRun:
    shutil.copytree(str(run.folder.root), root)
    return dataclasses.replace(run, folder=RunFolder(StoragePath.of(root), run.folder.fingerprint))


@pytest.fixture
def small(drawn: SmallRun, tmp_path: pathlib.Path) -> SmallRun:
    return copied(drawn, tmp_path / "run")


def answer(body: dict[str, Any], _: int) -> Said:
    """One in five Chinese captions is in English."""
    if not isinstance(body["messages"][-1]["content"], list):
        return Said(body=completion("OK", body))
    (image, text) = body["messages"][-1]["content"]
    number = hash64(image["image_url"]["url"])
    if "in English" in text["text"] or number % 5 == 0:
        return Said(body=completion(f"A noisy picture, number {number}.", body))
    return Said(body=completion(f"一张满是噪点的图片，编号{number}。", body))


def settings(server: ChatServer, **other: Any) -> CaptionJobSettings:
    values = {
        "server": {"base_url": server.url, "model": "m", "concurrency": 4, "attempts": 2},
        "runner": {"workers": 1},
    }
    return validate({**values, **other}, CaptionJobSettings, "the test")


def quiet() -> Console:
    return Console(file=io.StringIO(), width=160)


def exported(small: SmallRun) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(small.shards.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    found[member.name] = json.load(tar.extractfile(member))  # type: ignore[arg-type]
    return found


def files_of(root: pathlib.Path) -> dict[pathlib.Path, bytes]:
    return {path: path.read_bytes() for path in (root / "captions").rglob("*") if path.is_file()}


def looked_at(small: SmallRun) -> list[Finding]:
    names = [name for name, _ in shard_files(small.folder.root / "annotations")]
    return list(check_captions(RunState.read(small.folder.root), names, map))


@pytest.fixture(scope="module")
def written(drawn: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    found = copied(drawn, tmp_path_factory.mktemp("written") / "run")
    with serving(answer) as server:
        run(str(found.folder.root), settings(server), quiet())
    return found


@pytest.fixture
def captioned(written: SmallRun, tmp_path: pathlib.Path) -> SmallRun:
    """With the captions of ``answer``."""
    return copied(written, tmp_path / "run")


@pytest.mark.slow
def test_captions_are_written_kept_and_exported(small: SmallRun) -> None:
    before = exported(small)
    images = len(small.copies)
    with serving(answer) as server:
        counts = run(str(small.folder.root), settings(server), quiet())
        asked = server.asked.total()
        assert asked == 2 * images + 1  # one looks whether it is there
        assert all(text_of(body) for body in server.bodies)
        again = quiet()
        assert run(str(small.folder.root), settings(server), again) == counts
        assert server.asked.total() == asked + 1
    wrong = counts.rejects["unexpected_language"]
    assert counts == Counts(2 * images, 2 * images - wrong, {"unexpected_language": wrong}) and 0 < wrong < images
    folder = CaptionFolder.of(small.folder)
    account = read_account(folder)
    assert account is not None and account.counts == counts and account.languages == ("en", "zh")
    state = RunState.read(small.folder.root)
    assert not state.is_done("export") and not small.shards.exists()

    small.export()
    after = exported(small)
    assert after.keys() == before.keys()
    taken = 0
    for name, about in after.items():
        captions = about.pop("written_captions")
        assert about == before[name] and set(captions) == {"en", "zh"}
        assert captions["en"].startswith("A noisy picture") and (captions["zh"] or "一张满").startswith("一张满")
        taken += sum(text is not None for text in captions.values()) if not name.endswith("~2.json") else 0
    assert taken == counts.rows_out


@pytest.mark.slow
def test_a_shard_that_is_lost_is_written_again_without_asking(small: SmallRun) -> None:
    root = pathlib.Path(str(small.folder.root))
    with serving(answer) as server:
        run(str(root), settings(server), quiet())
        files = files_of(root)
        lost = next(path for path in files if "kept" in path.parts)
        lost.unlink()
        (root / "captions/captions.json").unlink()
        before = server.asked.total()
        run(str(root), settings(server), quiet())
        assert server.asked.total() == before + 1
        assert files == files_of(root)
        run(str(root), settings(server, languages=["zh"]), quiet())  # other settings: the cache still holds them
        assert server.asked.total() == before + 2
    (some, *_) = (root / "captions/kept").rglob("*.parquet")
    account = read_account(CaptionFolder.of(small.folder))
    assert account is not None and account.languages == ("zh",)
    assert set(
        read_table(small.folder.root / str(some.relative_to(root)), account.fingerprint)["lang"].to_pylist()
    ) == {"zh"}


@pytest.mark.slow
def test_what_was_exported_with_the_same_captions_stays(small: SmallRun) -> None:
    root = str(small.folder.root)
    with serving(answer) as server:
        run(root, settings(server), quiet())
        state = RunState.read(small.folder.root)
        state.finish("export", small.export())
        run(root, settings(server), quiet())
        assert RunState.read(small.folder.root).is_done("export") and small.shards.exists()
        run(root, settings(server, languages=["zh"]), quiet())
        assert not RunState.read(small.folder.root).is_done("export") and not small.shards.exists()


@pytest.mark.slow
def test_blocked_words_and_personal_data(small: SmallRun, tmp_path: pathlib.Path) -> None:
    def private(body: dict[str, Any], before: int) -> Said:
        said = answer(body, before)
        text = said.body["choices"][0]["message"]["content"]  # type: ignore[index]
        text = text.replace("picture,", "picture by ann@mail.example,").replace("编号", "夜店")
        return Said(body=completion(text, body))

    (tmp_path / "zh.txt").write_text("夜店\n")
    safety = {"blocked_words": {"paths": {"zh": str(tmp_path / "zh.txt")}}}
    with serving(private) as server:
        counts = run(str(small.folder.root), settings(server, safety=safety), quiet())
        with pytest.raises(ConfigError, match=r"safety\.blocked_words\.paths\.zh"):
            gone = {"blocked_words": {"paths": {"zh": str(tmp_path / "none.txt")}}}
            run(str(small.folder.root), settings(server, safety=gone), quiet())
    images = len(small.copies)
    assert counts.rejects["blocked_word"] + counts.rejects["unexpected_language"] == images
    small.export()
    for about in exported(small).values():
        assert "picture by [EMAIL], number" in about["written_captions"]["en"]
        assert about["written_captions"]["zh"] is None


def _lose_a_row(kept: pathlib.Path, *_: pathlib.Path) -> None:
    """As a hand might: whole and of these settings, and not what its footer counts."""
    table = pq.read_table(kept)
    with pa.OSFile(str(kept), "wb") as stream:
        write_checked(stream, table.slice(1))


def _count_more(_: pathlib.Path, __: pathlib.Path, ___: pathlib.Path, account: pathlib.Path) -> None:
    account.write_text(account.read_text().replace('"rows_out": ', '"rows_out": 1'))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda kept, *_: kept.unlink(), "is missing"),
        (lambda kept, *_: kept.write_bytes(kept.read_bytes()[:-9]), "cannot be read as Parquet"),
        (_lose_a_row, "rows, its footer counts"),
        (lambda _, rejects, *__: rejects.unlink(), "holds nothing"),
        (lambda kept, _, other, __: kept.write_bytes(other.read_bytes()), "holds"),
        (lambda *paths: paths[3].write_text("{}"), "has format version None"),
        (_count_more, "its files"),
        (lambda kept, *_: (kept.parent / "none.parquet").write_bytes(b""), "is of a shard that is no input"),
    ],
)
def test_what_is_damaged_is_seen_and_made_anew(damage: Callable[..., object], says: str, captioned: SmallRun) -> None:
    root = pathlib.Path(str(captioned.folder.root))
    assert looked_at(captioned) == []
    files = files_of(root)
    kept = sorted(path for path in files if "kept" in path.parts)
    rejects = min(path for path in files if "rejects" in path.parts)
    of_rejects = next(path for path in kept if path.name == rejects.name)
    damage(of_rejects, rejects, next(path for path in kept if path != of_rejects), root / "captions/captions.json")
    findings = looked_at(captioned)
    assert findings and any(says in one.seen for one in findings), findings
    assert all(one.is_mendable and one.again == "caption" and one.stage is None for one in findings)
    assert repair(RunState.read(captioned.folder.root), findings) == []
    with serving(answer) as server:
        run(str(root), settings(server), quiet())
        assert server.asked.total() == 1  # whether it is there; the cache has the rest
    assert looked_at(captioned) == []
    assert files == files_of(root)


def test_captions_of_another_selection_are_not_exported(captioned: SmallRun) -> None:
    folder = CaptionFolder.of(captioned.folder)
    first = sorted((pathlib.Path(str(folder.root)) / "kept").rglob("*.parquet"))
    first[0].write_bytes(first[1].read_bytes())
    with pytest.raises(EvenweaveError, match="captions of another selection"):
        captioned.export()


def test_what_cannot_be_captioned(small: SmallRun, tmp_path: pathlib.Path) -> None:
    with serving(lambda _, __: Said(404, {"error": {"message": "no such model"}})) as server:
        with pytest.raises(EvenweaveError):
            run(str(small.folder.root), settings(server), quiet())
        with pytest.raises(RunFolderError, match="is not a run folder"):
            run(str(tmp_path), settings(server), quiet())
        RunState.read(small.folder.root).forget("balance")
        with pytest.raises(RunFolderError, match="not ready for captions"):
            run(str(small.folder.root), settings(server), quiet())
        gone = settings(server)
    RunState.read(small.folder.root).finish("balance", Counts(36, 36))
    with pytest.raises(ServerError, match="does not answer"):
        run(str(small.folder.root), gone, quiet())
    assert small.shards.exists() and not CaptionFolder.of(small.folder).account.exists()
