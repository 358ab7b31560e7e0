"""Checkpoints of training, from which it goes on exactly: torch's distributed checkpoints, written while it trains.

A folder ``step-00000100`` holds the trained weights with Adam's moments (sharded files; any number of processes can
read them), ``rank-00000.pt`` with each process's place in the data and its random state, and ``training.json``. It
appears by renaming when all of it is written, so what bears that name is whole.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from concurrent.futures import Future
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save

from model.checkpoints.json_files import write_json
from model.errors import TrainingError
from model.training.parallel import Processes

#: torch's own is no Exception.
_FAILURES = (Exception, CheckpointException)
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
        self._writing: tuple[str, Future[Any]] | None = None
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
                write_json(os.path.join(partial, "training.json"), common)
            dist.barrier(self._processes.checkpoint_group)
            torch.save(own, self._own_path(partial))
            future = async_save(
                tensors, checkpoint_id=partial, process_group=self._processes.checkpoint_group, no_dist=False
            )
        except _FAILURES as error:
            raise self._failed(path, error) from error
        assert isinstance(future, Future)
        self._writing = (path, future)

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

    def read_common(self, path: str) -> dict[str, Any]:
        with open(os.path.join(path, "training.json"), encoding="utf-8") as file:
            values: dict[str, Any] = json.load(file)
        return values

    def load(self, path: str, tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
        """Fill ``tensors`` in place; returns this process's own state. Raises TrainingError."""
        if not os.path.isfile(self._own_path(path)):
            raise TrainingError(
                f"{path} holds no state of process {self._processes.rank}: it was made by fewer processes. Go on with "
                "as many as before, or begin in another output folder."
            )
        try:
            load(tensors, checkpoint_id=path, process_group=self._processes.checkpoint_group)
            own: dict[str, Any] = torch.load(self._own_path(path), weights_only=True)
        except _FAILURES as error:
            raise TrainingError(
                f"the checkpoint {path} cannot be read ({_reason(error)}): remove it to use the one before"
            ) from (error)
        return own

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
