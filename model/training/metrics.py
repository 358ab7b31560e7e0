"""What a run reports: its steps added up to a line every few, in the terminal and for the writers."""

from __future__ import annotations

import math
import resource
import time
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.text import Text

from model.training.metric_writers import Line, open_writers
from model.training.parallel import Processes
from model.training.settings import TrainSettings


@dataclass
class StepCounts:
    """Of one step, or several added up, over all processes."""

    loss_sum: float = 0.0
    targets: float = 0.0
    tokens: float = 0.0
    documents: float = 0.0
    flops: float = 0.0
    data_wait_secs: float = 0.0  # summed over processes

    def add(self, other: StepCounts) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Metrics:
    """Adds steps up and writes a line every few. Processes but the first write nothing."""

    def __init__(
        self, settings: TrainSettings, processes: Processes, peak_flops_per_sec: float | None, done_steps: int
    ) -> None:
        self._settings, self._processes = settings, processes
        self._peak = settings.metrics.peak_flops_per_sec or peak_flops_per_sec
        self._sums, self._began = StepCounts(), time.perf_counter()
        self._console = Console(quiet=not processes.is_first)
        self._writers = open_writers(settings, done_steps) if processes.is_first else []

    def add(self, step: int, counts: StepCounts, rates: dict[str, float], norm: float, left_out: int) -> None:
        """Account for step number ``step``, counted from 1; ``left_out`` steps of the run so far made no update."""
        self._sums.add(counts)
        if step % self._settings.metrics.every_steps == 0 or step == self._settings.steps:
            self._write(step, self._line(rates, norm, left_out))
            self._sums, self._began = StepCounts(), time.perf_counter()

    def say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        for writer in self._writers:
            writer.close()

    def _line(self, rates: dict[str, float], norm: float, left_out: int) -> Line:
        sums, secs = self._sums, time.perf_counter() - self._began
        world = self._processes.world_size
        return {
            "loss": sums.loss_sum / sums.targets if sums.targets else None,
            "gradient_norm": norm if math.isfinite(norm) else None,  # JSON has no NaN
            **{f"learning_rate_{part}": rate for part, rate in rates.items()},
            "tokens_per_sec": sums.tokens / secs,
            "samples_per_sec": sums.documents / secs,
            "targets_per_sec": sums.targets / secs,
            "flops_per_sec": sums.flops / secs,
            "mfu": sums.flops / secs / (self._peak * world) if self._peak else None,
            "memory_bytes": _peak_memory_bytes(self._processes.device),
            "data_wait_share": sums.data_wait_secs / world / secs,
            "steps_left_out": left_out,
        }

    def _write(self, step: int, line: Line) -> None:
        for writer in self._writers:
            writer.write(step, line)
        loss, norm, mfu = line["loss"], line["gradient_norm"], line["mfu"]
        self.say(
            f"step {step:>6}/{self._settings.steps}  loss {'-' if loss is None else f'{loss:.4f}'}  "
            f"norm {'-' if norm is None else f'{norm:.3g}'}  {line['tokens_per_sec']:,.0f} tokens/s  "
            f"{line['samples_per_sec']:,.1f} samples/s  MFU {'-' if mfu is None else f'{mfu:.1%}'}  "
            f"memory {(line['memory_bytes'] or 0) / 1e9:.1f} GB  data wait {line['data_wait_share']:.0%}"
            + (f"  left out {line['steps_left_out']}" if line["steps_left_out"] else "")
        )


def _peak_memory_bytes(device: torch.device) -> int:
    """Most that was allocated on the device, or on a CPU the most that the process held."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
