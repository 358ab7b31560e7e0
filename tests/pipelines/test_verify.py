"""``evenweave verify`` over a packed set; tests/integration has runs of build."""

from __future__ import annotations

import io
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
    run(settings(folder / "whole", small(folder / "raw"), layout=LAYOUT))
    return folder


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
        run(settings(copied, small(packed / "raw"), layout=LAYOUT))
        assert digests(copied) == digests(packed / "whole")


@pytest.mark.parametrize("damage", [pathlib.Path.unlink, halve])
def test_pack_notices_that_a_finished_shard_is_gone_or_cut(
    damage: Callable[[pathlib.Path], None], packed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    copied = pathlib.Path(shutil.copytree(packed / "whole", tmp_path / "run"))
    damage(copied / "packed" / "packs-001000.tar")
    with pytest.raises(RunFolderError, match=r"packs-001000\.tar (is missing|has).*verify .* --repair"):
        run(settings(copied, small(packed / "raw"), layout=LAYOUT))
