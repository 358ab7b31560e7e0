"""``evenweave verify`` over a packed set; tests/integration has runs of build."""

from __future__ import annotations

import io
import json
import os
import pathlib
import shutil
from collections.abc import Callable

import pytest
from rich.console import Console

from pipelines import verify
from pipelines.verify import NOT_SOUND, SOUND
from tests.pipelines.test_pack import digests, run, settings, small
from transforms.errors import RunFolderError

LAYOUT = "llava-ov-1.5"  # it has rejects, since it cannot hold every document


def looked_at(folder: pathlib.Path, repair: bool = False) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=300)
    status = verify.run(str(folder), repair, console)
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def flip(path: pathlib.Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 2
    path.write_bytes(data)


def halve(path: pathlib.Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("packed")
    (folder / "sources.json").write_text(json.dumps(small(folder / "raw")))
    pack_again(folder, folder / "whole")
    return folder


def pack_again(packed: pathlib.Path, output: pathlib.Path) -> None:
    run(settings(output, json.loads((packed / "sources.json").read_text()), layout=LAYOUT))


def test_a_sound_set(packed: pathlib.Path) -> None:
    assert looked_at(packed / "whole")[0] == SOUND


@pytest.mark.parametrize("damage", [pathlib.Path.unlink, halve, flip])
@pytest.mark.parametrize(
    "file",
    [
        "packed/packs-001000.tar",
        "packed/packs-001000.tar.idx",
        "packed/.groups/000001.json",
        "packed/.nv-meta/dataset.yaml",
        "packed/manifest.json",
        "packed/packing.json",
        "rejects/pack/instruct/records.parquet",
    ],
)
def test_every_kind_of_file(
    file: str, damage: Callable[[pathlib.Path], None], packed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    copied = pathlib.Path(shutil.copytree(packed / "whole", tmp_path / "run"))
    damage(copied / file)
    status, said = looked_at(copied)
    assert status == NOT_SOUND and "to be repeated: pack" in said, said
    assert looked_at(copied, repair=True)[0] == SOUND
    if damage is not halve:  # which is removed as a flipped one is
        pack_again(packed, copied)
        assert digests(copied) == digests(packed / "whole")


@pytest.mark.parametrize("damage", [pathlib.Path.unlink, halve])
def test_pack_notices_that_a_finished_shard_is_gone_or_cut(
    damage: Callable[[pathlib.Path], None], packed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    copied = pathlib.Path(shutil.copytree(packed / "whole", tmp_path / "run"))
    damage(copied / "packed" / "packs-001000.tar")
    with pytest.raises(RunFolderError, match=r"packs-001000\.tar (is missing|has).*verify .* --repair"):
        pack_again(packed, copied)


def test_what_cannot_be_mended_is_said(packed: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copied = pathlib.Path(shutil.copytree(packed / "whole", tmp_path / "run"))
    record = json.loads((copied / "run.json").read_text())
    record["identity"]["settings"]["layout"] = "native"
    (copied / "run.json").write_text(json.dumps(record))
    halve(copied / "packed" / "packs-001000.tar")
    for removed in (True, False):
        status, said = looked_at(copied, repair=True)
        assert status == NOT_SOUND and "run.json cannot be mended by removing: put a copy of it back" in said
        assert ("Removed what is broken" in said) == removed
    assert not (copied / "packed" / "packs-001000.tar").exists()


def test_a_repair_that_was_broken_off_is_noticed(
    packed: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = pathlib.Path(shutil.copytree(packed / "whole", tmp_path / "run"))
    flip(copied / "packed" / ".nv-meta" / "dataset.yaml")  # of which a listing tells nothing

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("transforms.verifying.repair.go_back", killed)
        with pytest.raises(KeyboardInterrupt):
            looked_at(copied, repair=True)
    with pytest.raises(RunFolderError, match="--repair was broken off: run it again"):
        pack_again(packed, copied)
    assert looked_at(copied)[0] == NOT_SOUND
    assert looked_at(copied, repair=True)[0] == SOUND
    pack_again(packed, copied)
    assert digests(copied) == digests(packed / "whole")


@pytest.mark.parametrize("damage", [pathlib.Path.unlink, lambda path: os.truncate(path, 0)], ids=["lost", "empty"])
def test_lost_rejects_are_noticed_before_work(
    damage: Callable[[pathlib.Path], None], packed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    copied = pathlib.Path(shutil.copytree(packed / "whole", tmp_path / "run"))
    damage(copied / "rejects" / "pack" / "instruct" / "records.parquet")
    with pytest.raises(RunFolderError, match=r"rejects/pack.* (holds 0 files in place of 1|is empty)"):
        pack_again(packed, copied)
