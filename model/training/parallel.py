"""Processes, the device mesh, and the model sharded over it: FSDP2, or HSDP where several replicas are kept.

One process is a mesh of one, so that there is a single path: float32 master weights, gathered in the compute dtype
block by block, their gradients reduced in float32.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.utils.checkpoint import checkpoint

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.architecture.rice import RiceBlock
from model.errors import TrainingError
from model.training.settings import ParallelSettings

_TIMEOUT = timedelta(minutes=30)  # a rank may wait as long for another that reads a slow object store


@dataclass(frozen=True)
class Processes:
    """This process among all: started by torchrun, or the only one."""

    rank: int
    world_size: int
    device: torch.device
    checkpoint_group: dist.ProcessGroup  # of its own, for it is used by the thread that saves

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def sum(self, values: list[float]) -> list[float]:
        """Each value summed over all processes, in float64: counts stay exact."""
        if self.world_size == 1:
            return values
        total = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return [float(value) for value in total.tolist()]


@contextmanager
def processes() -> Iterator[Processes]:
    """Join the processes that torchrun started; without it, be one. Leaves them at the end."""
    started_here = not dist.is_initialized()
    on_cuda = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if on_cuda else torch.device("cpu")
    if on_cuda:
        torch.cuda.set_device(device)
    if started_here:
        backend = "cpu:gloo,cuda:nccl" if on_cuda else "gloo"
        if "WORLD_SIZE" in os.environ:
            dist.init_process_group(backend, timeout=_TIMEOUT)
        else:
            store = dist.HashStore()  # type: ignore[attr-defined]  # public, but not in its __all__
            dist.init_process_group(backend, store=store, rank=0, world_size=1)
    checkpoint_group = dist.new_group(backend="gloo")
    assert isinstance(checkpoint_group, dist.ProcessGroup)  # every process is in it
    try:
        yield Processes(dist.get_rank(), dist.get_world_size(), device, checkpoint_group)
        if started_here:
            _wait_for_all()
    finally:
        if started_here:
            dist.destroy_process_group()


def _wait_for_all() -> None:
    """Until every process is done with its last collective: gloo's fails where a peer has closed its end by then.

    Through the store, since a collective to wait for would itself be the last one. If a process has died, torchrun
    ends the others.
    """
    store = dist.distributed_c10d._get_default_store()
    arrived = store.add("evenweave/done", 1)
    with suppress(dist.DistError):  # the process that keeps the store has left: it saw all arrive
        while arrived < dist.get_world_size():
            time.sleep(0.02)
            arrived = store.add("evenweave/done", 0)


def build_mesh(settings: ParallelSettings, world_size: int, device: torch.device) -> DeviceMesh:
    """(shards,) for FSDP, (replicas, shards) for HSDP. Raises TrainingError where replicas do not divide the world."""
    shards, rest = divmod(world_size, settings.replicas)
    if rest or not shards:
        raise TrainingError(
            f"parallel.replicas is {settings.replicas}, which does not divide the {world_size} process(es) that run: "
            "set it to a divisor, or start as many processes as it asks for (torchrun --nproc-per-node)"
        )
    if settings.replicas == 1:
        return init_device_mesh(device.type, (world_size,), mesh_dim_names=("shard",))
    return init_device_mesh(device.type, (settings.replicas, shards), mesh_dim_names=("replicate", "shard"))


def prepare_blocks(model: LlavaOnevision1_5ForConditionalGeneration, settings: ParallelSettings) -> None:
    """Activation checkpointing and torch.compile, block by block, below the hooks that gather their weights."""
    for block in blocks_of(model):
        forward = block.forward
        if settings.activation_checkpointing:
            forward = functools.partial(checkpoint, forward, use_reentrant=False)
        if settings.compile_blocks:
            # Around the checkpoint: inside it, the second pass could meet another of several compiled versions. Dynamic
            # from the start, for every batch has its own number of tokens and patches.
            forward = torch.compile(forward, dynamic=True)
        block.forward = forward  # the class stays what it is, and so do names


def shard(root: nn.Module, mesh: DeviceMesh, settings: ParallelSettings) -> None:
    """Shard ``root``, which holds the model: each block by itself, the rest together with the root."""
    dtype = getattr(torch, settings.compute_dtype)
    for block in blocks_of(root):
        # Rotations reach the blocks of the tower in float32, and stay so.
        policy = MixedPrecisionPolicy(dtype, torch.float32, cast_forward_inputs=not isinstance(block, RiceBlock))
        fully_shard(block, mesh=mesh, mp_policy=policy)
    policy = MixedPrecisionPolicy(dtype, torch.float32, cast_forward_inputs=False)
    fully_shard(root, mesh=mesh, mp_policy=policy, reshard_after_forward=False)


def blocks_of(model: nn.Module) -> list[nn.Module]:
    """The blocks of the tower, then those of the text model."""
    found = [module for module in model.modules() if isinstance(module, LlavaOnevision1_5ForConditionalGeneration)]
    (joined,) = found
    return [*joined.model.visual.blocks, *joined.model.language_model.layers]
