"""Folders of safetensors: which tensors share a file, and a folder that appears whole or not at all."""

from __future__ import annotations

import json
import pathlib
import shutil

import pytest
import torch
from safetensors import safe_open

from model.checkpoints.weights import INDEX, SINGLE, NewFolder, WeightFolder, write_weights

SIZES = {"a": 4, "b": 4, "c": 8, "d": 12, "e": 4}  # bytes


def tensor_of(name: str) -> torch.Tensor:
    return torch.full((SIZES[name] // 4,), float(ord(name)))


def test_files_are_filled_to_their_size_and_indexed(tmp_path: pathlib.Path) -> None:
    """What is larger than a file has one to itself."""
    write_weights(str(tmp_path), SIZES, tensor_of, file_bytes=8)
    names = [f"model-0000{number}-of-00004.safetensors" for number in range(1, 5)]
    held = []
    for name in names:
        with safe_open(tmp_path / name, framework="pt") as file:
            held.append(list(file.keys()))
    assert held == [["a", "b"], ["c"], ["d"], ["e"]]
    index = json.loads((tmp_path / INDEX).read_text())
    assert index["metadata"] == {"total_size": 32}
    assert index["weight_map"] == {name: file for file, inside in zip(names, held, strict=True) for name in inside}
    with WeightFolder(str(tmp_path)) as folder:
        assert set(folder) == set(SIZES) and folder.shape("d") == (3,)
        assert all(torch.equal(folder.tensor(name), tensor_of(name)) for name in folder)
        assert folder.region("d", (slice(1, 3),)).tolist() == [100.0, 100.0]


@pytest.mark.parametrize("file_bytes, files", [(32, 1), (31, 2)])
def test_one_file_has_no_index(tmp_path: pathlib.Path, file_bytes: int, files: int) -> None:
    write_weights(str(tmp_path), SIZES, tensor_of, file_bytes=file_bytes)
    assert len(list(tmp_path.glob("*.safetensors"))) == files
    assert (tmp_path / SINGLE).exists() == (files == 1) == (not (tmp_path / INDEX).exists())


def test_the_first_error_is_the_one_that_is_told(tmp_path: pathlib.Path) -> None:
    """Though what was begun cannot be removed, because it is gone already."""
    with pytest.raises(ZeroDivisionError), NewFolder(str(tmp_path / "new")) as partial:
        shutil.rmtree(partial)
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
