"""Checkpoints of training, from which it goes on exactly: torch's distributed checkpoints, written while it trains.

A folder ``step-00000100`` holds the trained weights with Adam's moments (sharded files; any number of processes can
read them), ``rank-00000.pt`` with each process's place in the data and its random state, ``training.json``, and the
sums of all these. It appears by renaming when all of it is written, so what bears that name was whole then; whether it
still is, the sums tell.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save

from model.checkpoints.json_files import read_json, write_json
from model.errors import TrainingError
from model.training.file_sums import find_damage, write_sums
from model.training.parallel import Processes

#: torch's own is no Exception.
_FAILURES = (Exception, CheckpointException)
_COMMON, _COMMON_SUMS = "training.json", "sums.json"
_STEP = re.compile(r"step-(\d{8})")


def tensors_of(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The trained weights and Adam's state, by name; the state begins as zeros where no step was made yet."""
    names = {parameter: name for name, parameter in model.named_parameters()}
    tensors: dict[str, torch.Tensor] = {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            state = optimizer.state[parameter]
            if not state:
                state["step"] = torch.zeros((), device=parameter.device if group["fused"] else "cpu")
                state["exp_avg"] = torch.zeros_like(parameter)
                state["exp_avg_sq"] = torch.zeros_like(parameter)
            tensors[f"weight.{names[parameter]}"] = parameter.detach()
            tensors |= {f"{moment}.{names[parameter]}": value for moment, value in state.items()}
    return tensors


class CheckpointStore:
    """The checkpoints of one run. Every process calls every method."""

    def __init__(self, folder: str, keep: int, processes: Processes) -> None:
        self._folder, self._keep, self._processes = folder, keep, processes
        self._writing: tuple[str, Future[None]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self.notes: list[str] = []
        if processes.is_first:
            try:
                os.makedirs(folder, exist_ok=True)
            except OSError as error:
                raise TrainingError(f"cannot write checkpoints to {folder}: {error}") from error
            for name in os.listdir(folder):
                if name.endswith(".partial"):  # of a run that was killed while it saved
                    shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        dist.barrier(processes.checkpoint_group)

    def latest(self) -> str | None:
        """The newest whole checkpoint."""
        steps = self._steps()
        return os.path.join(self._folder, steps[-1]) if steps else None

    def save(self, step: int, tensors: dict[str, torch.Tensor], own: dict[str, Any], common: dict[str, Any]) -> None:
        """Copy ``tensors`` aside and write them in the background; ``own`` is this process's, ``common`` everyone's.

        Waits for the checkpoint before. Raises TrainingError if that, or this, cannot be written.
        """
        self.wait()
        path = os.path.join(self._folder, f"step-{step:08d}")
        partial = f"{path}.partial"
        try:
            if self._processes.is_first:
                shutil.rmtree(partial, ignore_errors=True)
                os.makedirs(partial)
                write_json(os.path.join(partial, _COMMON), common)
            dist.barrier(self._processes.checkpoint_group)
            torch.save(own, self._own_path(partial))
            written = async_save(
                tensors, checkpoint_id=partial, process_group=self._processes.checkpoint_group, no_dist=False
            )
        except _FAILURES as error:
            raise self._failed(path, error) from error
        assert isinstance(written, Future)
        self._writing = (path, self._thread.submit(self._write, partial, written))

    def wait(self) -> None:
        """Until the checkpoint in writing, if any, is whole. Raises TrainingError if it cannot be."""
        if self._writing is None:
            return
        path, future = self._writing
        self._writing = None
        try:
            future.result()
            if self._processes.is_first:
                shutil.rmtree(path, ignore_errors=True)  # of the same step, left by a run over other settings
                os.replace(f"{path}.partial", path)
                for name in self._steps()[: -self._keep]:
                    shutil.rmtree(os.path.join(self._folder, name))
        except _FAILURES as error:
            raise self._failed(path, error) from error

    def poll(self) -> None:
        """Finish the checkpoint in writing if it is written by now."""
        if self._writing is not None and self._writing[1].done():
            self.wait()

    def newest_sound(self, check: Callable[[str, dict[str, Any]], None]) -> tuple[str, dict[str, Any]] | None:
        """The newest checkpoint that is as it was written, and what is common to all processes; None where none is.

        Damaged ones after it are set aside, and said in ``notes``. ``check`` may refuse one, by its path and the common
        values, for reasons that going back would not mend. Raises TrainingError if all are damaged; they stay then, so
        that the same command does not begin from nothing.
        """
        damaged: dict[str, str] = {}
        for name in reversed(self._steps()):
            path = os.path.join(self._folder, name)
            damage = find_damage(os.path.join(path, _COMMON_SUMS))
            if damage is None:
                common = read_json(os.path.join(path, _COMMON))
                check(path, common)
                damage = find_damage(self._sums_path(path))
            if not (found := self._from_all(damage)):
                self.notes = [f"{one} is damaged ({why}), set aside as {one}.damaged" for one, why in damaged.items()]
                self._set_aside(list(damaged))
                return path, common
            damaged[path] = found[0]
        if damaged:
            raise TrainingError(
                f"every checkpoint in {self._folder} is damaged: "
                + "; ".join(f"{os.path.basename(one)} ({why})" for one, why in damaged.items())
                + ". Bring one back from elsewhere, or begin in another output folder."
            )
        return None

    def load(self, path: str, tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
        """Fill ``tensors`` in place; returns this process's own state. Raises TrainingError."""
        try:
            load(tensors, checkpoint_id=path, process_group=self._processes.checkpoint_group)
            own: dict[str, Any] = torch.load(self._own_path(path), weights_only=True)
        except _FAILURES as error:
            raise TrainingError(
                f"the checkpoint {path} is as it was written, and cannot be loaded into this model ({_reason(error)}). "
                "Begin from the model that it was made with, or in another output folder."
            ) from error
        return own

    def _write(self, partial: str, written: Future[Any]) -> None:
        """In a thread: when torch has written the tensors, add the sums. Raises for all processes if one fails."""
        problem: BaseException | None = None
        try:
            written.result()
            own = [name for name in os.listdir(partial) if name.startswith(f"__{self._processes.rank}_")]
            write_sums(self._sums_path(partial), [*own, os.path.basename(self._own_path(partial))])
            if self._processes.is_first:
                write_sums(os.path.join(partial, _COMMON_SUMS), [_COMMON, ".metadata"])
        except _FAILURES as error:
            problem = error
        found = self._from_all(None if problem is None else _reason(problem))
        if found:
            raise problem or OSError(found[0])

    def _from_all(self, problem: str | None) -> list[str]:
        """The problems of all processes; empty if none has one."""
        problems: list[str | None] = [None] * self._processes.world_size
        dist.all_gather_object(problems, problem, group=self._processes.checkpoint_group)
        return [one for one in problems if one is not None]

    def _set_aside(self, paths: list[str]) -> None:
        """Keep them to be looked at, under names that no run goes on from."""
        problem: str | None = None
        try:
            for path in paths if self._processes.is_first else []:
                shutil.rmtree(f"{path}.damaged", ignore_errors=True)
                os.replace(path, f"{path}.damaged")
        except OSError as error:
            problem = f"{path} is damaged and cannot be set aside: {error}. Remove it."
        if found := self._from_all(problem):  # else the others would wait for the first
            raise TrainingError(found[0])

    def _sums_path(self, folder: str) -> str:
        return os.path.join(folder, f"sums-{self._processes.rank:05d}.json")

    def _own_path(self, folder: str) -> str:
        return os.path.join(folder, f"rank-{self._processes.rank:05d}.pt")

    def _steps(self) -> list[str]:
        return sorted(name for name in os.listdir(self._folder) if _STEP.fullmatch(name))

    def _failed(self, path: str, error: BaseException) -> TrainingError:
        if self._processes.is_first:
            shutil.rmtree(f"{path}.partial", ignore_errors=True)
        last = self.latest()
        kept = f"{last} is whole, and training goes on from it" if last else "there is no checkpoint before it"
        free_gb = shutil.disk_usage(self._folder).free / 1e9
        return TrainingError(
            f"could not save {path}: {_reason(error)} ({free_gb:.1f} GB are free there). {kept}. Free space or name "
            "another output, then run the same command."
        )


def _reason(error: BaseException) -> str:
    """What the system said, below what torch made of it, or else the last line of that."""
    if isinstance(error, CheckpointException):
        error = next(iter(error.failures.values()))[0]
    below: BaseException | None = error
    while below is not None and not isinstance(below, OSError):
        below = below.__cause__ or below.__context__
    return str(below or error).strip().splitlines()[-1]
