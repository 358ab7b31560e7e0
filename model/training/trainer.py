"""The training loop: packs in, checkpoints, metrics and at the end a model out."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributed.tensor import DTensor

from model.checkpoints.adapters import BaseWeights
from model.checkpoints.hub import allocate, build_on_meta, load_config, load_weights
from model.errors import TrainingError
from model.training.checkpoint import CheckpointStore, tensors_of
from model.training.exporting import export_trained, exported_steps, model_folder
from model.training.flops import FlopCounter, peak_flops_per_sec
from model.training.lora import add_adapters, initialise_adapters
from model.training.loss_module import LossModule, MicroBatch
from model.training.metrics import Metrics, StepCounts
from model.training.optimizer import build_optimizer, freeze, set_learning_rates
from model.training.packed_dataset import PackedDataset
from model.training.packed_loader import PackedLoader, lost_workers_told
from model.training.parallel import Processes, build_mesh, prepare_blocks, shard
from model.training.settings import TrainSettings
from model.training.stopping import StopSignal
from transforms.packing.documents.chat import ChatTokenizer


def build_loss_module(settings: TrainSettings, processes: Processes) -> LossModule:
    """The model of ``settings.model``, sharded and loaded: float32 weights, of which each process holds its part."""
    mesh = build_mesh(settings.parallel, processes.world_size, processes.device)
    model = build_on_meta(load_config(settings.model), torch.float32)
    if settings.lora is not None:
        add_adapters(model, settings.lora)
    freeze(model, settings)
    prepare_blocks(model, settings.parallel)
    model.model.always_run_vision = True  # every process takes part whenever the tower's weights are gathered
    root = LossModule(model, settings.loss_chunk_tokens)
    shard(root, mesh, settings.parallel)
    allocate(model, processes.device)
    load_weights(BaseWeights(model), settings.model)
    initialise_adapters(model, settings.seed)
    return root.train()


class Trainer:
    """One run. Every process of it makes one, and calls the same methods."""

    def __init__(self, settings: TrainSettings, processes: Processes) -> None:
        """Raises TrainingError, CheckpointError or the packed set's InputError before anything is trained."""
        self.settings, self.processes = settings, processes
        self._accumulation = settings.batch.accumulation(processes.world_size)
        tokenizer = ChatTokenizer.load(settings.model).fingerprint
        data = settings.data
        dataset = PackedDataset(
            data.packs,
            weights=data.weights,
            tokenizer_fingerprint=tokenizer,
            seed=data.seed,
            rank=processes.rank,
            world_size=processes.world_size,
        )
        self._loader = PackedLoader(dataset, settings.batch.packs_per_micro_batch, data.workers)
        torch.manual_seed(settings.seed + processes.rank)
        self.root = build_loss_module(settings, processes)
        self.optimizer = build_optimizer(self.root, settings.optimizer)
        self._trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        self._flops = FlopCounter(self.root.model.config, settings)
        self._store = CheckpointStore(os.path.join(settings.output, "checkpoints"), settings.checkpoint.keep, processes)
        self.step, self._left_out, self._left_out_in_a_row = 0, 0, 0
        self._recent_losses: list[float] = []
        if found := self._store.newest_sound(self._check_same_run):
            self._resume(*found)
        self._metrics = Metrics(settings, processes, peak_flops_per_sec(processes.device), self.step)

    def run(self) -> bool:
        """Train to the last step and export, or until a signal to stop; returns whether it was the last."""
        folder, began_at = model_folder(self.settings), self.step
        for note in self._store.notes:
            self._metrics.say(note)
        if self.step:
            self._metrics.say(f"going on after step {self.step}")
        with StopSignal() as stop, lost_workers_told():
            batches = self._batches()
            while self.step < self.settings.steps and not stop.agreed:
                self._train_step(batches, stop)
                self._store.poll()
                if self._is_due() or stop.agreed:
                    self._save()
        self._store.wait()
        self._metrics.close()
        if self.step < self.settings.steps:
            self._metrics.say(f"stopped by a signal after step {self.step}; the same command goes on from there")
            return False
        if self._left_out == self.step:
            raise TrainingError(
                f"all {self.step} steps were left out: nothing was learnt, and no model is exported. Mend the packs or "
                f"the settings, and begin in another output folder than {self.settings.output}."
            )
        # one process looks, for all: another might look when the first has written the folder already
        exported = self.processes.sum([float(self.processes.is_first and exported_steps(folder) == self.step)])[0]
        if not exported or self.step > began_at:  # what steps of now made may differ from what as many made before
            export_trained(self.root.model, self.settings, self.step, self.processes)
        self._metrics.say(f"trained {self.step} steps, {self._left_out} left out; the model is in {folder}")
        return True

    def _batches(self) -> Iterator[MicroBatch]:
        for inputs in self._loader:
            yield MicroBatch.of(inputs)

    def _train_step(self, batches: Iterator[MicroBatch], stop: StopSignal) -> None:
        began = time.perf_counter()
        parts = [next(batches) for _ in range(self._accumulation)]
        waited = time.perf_counter() - began
        rates = set_learning_rates(self.optimizer, self.settings, self.step)
        targets, tokens, documents, flops, wait_secs, stops = self.processes.sum(
            [
                sum(len(part.targets) for part in parts),
                sum(part.inputs["input_ids"].numel() for part in parts),
                sum(len(part.inputs["cu_seq_lens_q"]) - 1 for part in parts),
                sum(self._flops.count(part.inputs, len(part.targets)) for part in parts),
                waited,
                float(stop.received),
            ]
        )
        stop.agreed = stops > 0
        loss_sum, norm = self._gradients(parts, targets)
        problem = self._problem(loss_sum / max(targets, 1), targets, norm)
        if problem is None:
            self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        counts = StepCounts(0 if problem else loss_sum, 0 if problem else targets, tokens, documents, flops, wait_secs)
        self._account(problem, loss_sum / max(targets, 1))
        self._metrics.add(self.step, counts, rates, norm, self._left_out)

    def _gradients(self, parts: list[MicroBatch], targets: float) -> tuple[float, float]:
        """Run the step's micro-batches; returns the sum of −log p over all processes, and the gradient's norm.

        Gradients are reduced between processes with the last micro-batch only. FSDP averages them over the processes,
        so each divides by its share of the targets.
        """
        step_targets = max(targets, 1) / self.processes.world_size
        total = torch.zeros((), device=self.processes.device)
        for number, part in enumerate(parts, start=1):
            is_last = number == len(parts)
            self.root.set_requires_gradient_sync(is_last)  # type: ignore[operator]  # of FSDP's class
            self.root.set_is_last_backward(is_last)  # type: ignore[operator]
            loss, part_sum = self.root(
                **part.arguments(self.processes.device), step_targets=step_targets, step_parts=len(parts)
            )
            loss.backward()
            total += part_sum
        norm = nn.utils.clip_grad_norm_(self._trained, self.settings.optimizer.clip_norm)
        norm = norm.full_tensor() if isinstance(norm, DTensor) else norm
        (loss_sum,) = self.processes.sum([float(total)])
        return loss_sum, float(norm)

    def _problem(self, loss: float, targets: float, norm: float) -> str | None:
        """Why the step must not be taken, the same on all processes, or None."""
        safety = self.settings.safety
        if not targets:
            return "its packs hold no target token"
        if not np.isfinite(loss) or not np.isfinite(norm):
            return f"loss {loss}, gradient norm {norm}"
        if len(self._recent_losses) * 2 >= safety.window:
            median = statistics.median(self._recent_losses)
            if loss > safety.spike_factor * median:
                return f"loss {loss:.4f} is above {safety.spike_factor} times the recent median, {median:.4f}"
        return None

    def _account(self, problem: str | None, loss: float) -> None:
        """Remember the step; raises TrainingError when too many were left out in a row."""
        if problem is None:
            self._left_out_in_a_row = 0
            self._recent_losses = [*self._recent_losses, loss][-self.settings.safety.window :]
            return
        self._left_out += 1
        self._left_out_in_a_row += 1
        self._metrics.say(f"step {self.step} left out: {problem}")
        if self._left_out_in_a_row >= self.settings.safety.max_in_a_row:
            self._store.wait()
            raise TrainingError(
                f"{self._left_out_in_a_row} steps in a row left out, the last, {self.step}, for {problem}. Lower the "
                f"learning rates or mend the data; the last checkpoint is {self._store.latest()}."
            )

    def _is_due(self) -> bool:
        return self.step % self.settings.checkpoint.every_steps == 0 or self.step == self.settings.steps

    def _save(self) -> None:
        own = {"data": self._loader.state_dict(), "random": _random_state(self.processes.device)}
        common = {
            "step": self.step,
            "world_size": self.processes.world_size,
            "left_out": self._left_out,
            "left_out_in_a_row": self._left_out_in_a_row,
            "recent_losses": self._recent_losses,
            "settings": self.settings.identity(),
        }
        self._store.save(self.step, tensors_of(self.root.model, self.optimizer), own, common)

    def _resume(self, checkpoint: str, common: dict[str, Any]) -> None:
        tensors = tensors_of(self.root.model, self.optimizer)
        own = self._store.load(checkpoint, tensors)
        self._loader.load_state_dict(own["data"])
        _set_random_state(own["random"], self.processes.device)
        self.step, self._left_out = common["step"], common["left_out"]
        self._left_out_in_a_row, self._recent_losses = common["left_out_in_a_row"], common["recent_losses"]

    def _check_same_run(self, checkpoint: str, common: dict[str, Any]) -> None:
        world, now = common["world_size"], self.settings.identity()
        if world != self.processes.world_size:
            raise TrainingError(
                f"{checkpoint} was made by {world} process(es), {self.processes.world_size} run now: which packs are "
                f"still unread cannot be told. Go on with {world}, or begin in another output folder."
            )
        before = common["settings"]
        if changed := sorted(key for key in {*now, *before} if now.get(key) != before.get(key)):
            raise TrainingError(
                f"{checkpoint} was made with other settings in {', '.join(changed)}: take those back, or begin in "
                "another output folder."
            )


def _random_state(device: torch.device) -> dict[str, Any]:
    on_cuda = {"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {}
    return {"torch": torch.get_rng_state(), **on_cuda}


def _set_random_state(state: dict[str, Any], device: torch.device) -> None:
    torch.set_rng_state(state["torch"])
    if "cuda" in state and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
