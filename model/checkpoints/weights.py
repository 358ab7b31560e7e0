"""Folders of safetensors, one file or many: read tensor by tensor, written file by file, never whole in memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from model.checkpoints.json_files import read_json, write_json
from model.errors import CheckpointError

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"

#: Bytes of a file, as the releases are cut: what is held in memory while writing.
FILE_BYTES = 5_000_000_000


class WeightFolder:
    """The tensors of a folder, open for reading; a context. Raises CheckpointError for a folder that is not whole."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self._files: dict[str, Any] = {}

    def __enter__(self) -> WeightFolder:
        for path in _weight_files(self.folder):
            try:
                file = self._stack.enter_context(safe_open(path, framework="pt", device="cpu"))
            except (SafetensorError, OSError) as error:
                raise CheckpointError(f"{path} cannot be read ({error}): fetch or export it again") from error
            self._files.update(dict.fromkeys(file.keys(), file))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, from the header alone."""
        return tuple(self._files[name].get_slice(name).get_shape())

    def region(self, name: str, index: tuple[slice, ...]) -> torch.Tensor:
        """Part of a tensor; nothing else of it is read."""
        return self._files[name].get_slice(name)[index]

    def tensor(self, name: str) -> torch.Tensor:
        return self._files[name].get_tensor(name)


def _weight_files(folder: str) -> list[str]:
    """Paths of the folder's files of weights."""
    index = os.path.join(folder, INDEX)
    names = _indexed_files(index) if os.path.isfile(index) else [SINGLE]
    paths = [os.path.join(folder, name) for name in names]
    if missing := [path for path in paths if not os.path.isfile(path)]:
        raise CheckpointError(f"no weights at {', '.join(missing[:5])}: {folder} is no (whole) checkpoint folder")
    return paths


def _indexed_files(path: str) -> list[str]:
    """The files that an index names; raises CheckpointError where it is none."""
    weight_map = read_json(path).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise CheckpointError(f"{path} has no weight_map of tensors to files: fetch or export it again")
    return sorted(set(weight_map.values()))


def write_weights(
    folder: str,
    num_bytes: Mapping[str, int],
    tensor_of: Callable[[str], torch.Tensor],
    file_bytes: int = FILE_BYTES,
) -> None:
    """Write the tensors named in ``num_bytes``, in its order, asking ``tensor_of`` for each when its file is due.

    ``num_bytes`` (at most) decides which tensors share a file; one file's worth is held in memory.
    """
    files: list[list[str]] = [[]]
    filled = 0
    for name, size in num_bytes.items():
        if files[-1] and filled + size > file_bytes:
            files.append([])
            filled = 0
        files[-1].append(name)
        filled += size
    weight_map = {}
    total_bytes = 0
    for number, names in enumerate(files, start=1):
        file_name = SINGLE if len(files) == 1 else f"model-{number:05d}-of-{len(files):05d}.safetensors"
        tensors = {name: tensor_of(name).contiguous().cpu() for name in names}
        save_file(tensors, os.path.join(folder, file_name), metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(names, file_name))
        total_bytes += sum(tensor.nbytes for tensor in tensors.values())
    if len(files) > 1:
        write_json(os.path.join(folder, INDEX), {"metadata": {"total_size": total_bytes}, "weight_map": weight_map})


class NewFolder:
    """A folder that appears whole or not at all: ``with NewFolder(path) as partial`` renames at the end.

    Raises CheckpointError if ``path`` holds something already, or if the disk is full; what was there stays.
    """

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/")
        self.partial = f"{self.path}.partial"

    def __enter__(self) -> str:
        if os.path.isdir(self.path) and os.listdir(self.path):
            raise CheckpointError(f"{self.path} is not empty: name another folder, or remove it first")
        try:
            shutil.rmtree(self.partial, ignore_errors=True)
            os.makedirs(self.partial)
        except OSError as error:
            raise CheckpointError(f"cannot write to {self.partial}: {error}") from error
        return self.partial

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            if os.path.isdir(self.path):
                os.rmdir(self.path)
            os.replace(self.partial, self.path)
            return
        shutil.rmtree(self.partial, ignore_errors=True)
        if isinstance(error, (OSError, SafetensorError)):
            raise CheckpointError(f"could not write {self.path}: {error}") from error
