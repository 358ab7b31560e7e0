"""Where the lines of a run's metrics go: a file of JSON lines always, TensorBoard and Weights & Biases if asked for."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Protocol

from model.errors import TrainingError
from model.training.settings import TrainSettings

Line = dict[str, float | None]


class MetricWriter(Protocol):
    def write(self, step: int, line: Line) -> None:
        """Keep the metrics of the steps up to ``step``."""

    def close(self) -> None:
        """Write what is still held back."""


def open_writers(settings: TrainSettings, done_steps: int) -> list[MetricWriter]:
    """The writers that the settings ask for, after ``done_steps``: what an earlier run wrote beyond is dropped.

    Raises TrainingError naming a package that is missing.
    """
    os.makedirs(settings.output, exist_ok=True)
    writers: list[MetricWriter] = [JsonLines(os.path.join(settings.output, "metrics.jsonl"), done_steps)]
    if settings.metrics.tensorboard:
        writers.append(TensorBoard(os.path.join(settings.output, "tensorboard"), done_steps))
    if settings.metrics.wandb_project:
        writers.append(WeightsAndBiases(settings))
    return writers


class JsonLines:
    """One JSON object a line, the step among its keys."""

    def __init__(self, path: str, done_steps: int) -> None:
        self._path = path
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                lines = [line for line in file if line.endswith("\n") and json.loads(line)["step"] <= done_steps]
            with open(f"{path}.partial", "w", encoding="utf-8") as file:
                file.writelines(lines)
            os.replace(f"{path}.partial", path)

    def write(self, step: int, line: Line) -> None:
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **line}) + "\n")

    def close(self) -> None:
        pass


class TensorBoard:
    """A scalar for each metric."""

    def __init__(self, folder: str, done_steps: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise _missing("metrics.tensorboard", "tensorboard") from error
        self._writer: Any = SummaryWriter(folder, purge_step=done_steps + 1)

    def write(self, step: int, line: Line) -> None:
        for name, value in line.items():
            if value is not None:
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class WeightsAndBiases:
    """One W&B run for one output folder, gone on with after a stop. WANDB_MODE=offline needs no account."""

    def __init__(self, settings: TrainSettings) -> None:
        try:
            import wandb
        except ImportError as error:
            raise _missing("metrics.wandb_project", "wandb") from error
        folder = os.path.abspath(settings.output)
        self._run: Any = wandb.init(
            project=settings.metrics.wandb_project,
            name=os.path.basename(folder),
            id=hashlib.sha256(folder.encode()).hexdigest()[:16],
            resume="allow",
            dir=folder,
            config=settings.model_dump(mode="json"),
        )

    def write(self, step: int, line: Line) -> None:
        self._run.log({name: value for name, value in line.items() if value is not None}, step=step)

    def close(self) -> None:
        self._run.finish()


def _missing(key: str, package: str) -> TrainingError:
    return TrainingError(f"{key} asks for {package}, which is not installed: pip install {package}, or take it out")
