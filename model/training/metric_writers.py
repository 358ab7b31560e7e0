"""Where the lines of a run's metrics go: a file of JSON lines always, TensorBoard and Weights & Biases if asked for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
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

    Raises TrainingError naming a package that is missing, or a folder or file that cannot be used.
    """
    with _writing_to(settings.output):
        os.makedirs(settings.output, exist_ok=True)
    writers: list[MetricWriter] = [JsonLines(os.path.join(settings.output, "metrics.jsonl"), done_steps)]
    if settings.metrics.tensorboard:
        writers.append(TensorBoard(os.path.join(settings.output, "tensorboard"), done_steps))
    if settings.metrics.wandb_project:
        writers.append(WeightsAndBiases(settings))
    return writers


class JsonLines:
    """One JSON object a line, the step among its keys.

    Raises TrainingError where the file cannot be written, or holds what is no line of metrics.
    """

    def __init__(self, path: str, done_steps: int) -> None:
        self._path = path
        if os.path.isfile(path):
            lines = self._lines(done_steps)
            with _writing_to(path):
                with open(f"{path}.partial", "w", encoding="utf-8") as file:
                    file.writelines(lines)
                os.replace(f"{path}.partial", path)

    def _lines(self, done_steps: int) -> list[str]:
        """Those of the steps that count; a last line without an end was cut off while it was written."""
        try:
            with open(self._path, encoding="utf-8") as file:
                return [line for line in file if line.endswith("\n") and int(json.loads(line)["step"]) <= done_steps]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                f"{self._path} cannot be gone on with: it holds what is no line of metrics ({error!r}). Mend it, or "
                "move it away; training does not need it."
            ) from error

    def write(self, step: int, line: Line) -> None:
        with _writing_to(self._path), open(self._path, "a", encoding="utf-8") as file:
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
        self._folder = folder
        with _writing_to(folder):
            self._writer: Any = SummaryWriter(folder, purge_step=done_steps + 1)

    def write(self, step: int, line: Line) -> None:
        with _writing_to(self._folder):
            for name, value in line.items():
                if value is not None:
                    self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        with _writing_to(self._folder):
            self._writer.close()


class WeightsAndBiases:
    """One W&B run for one output folder, gone on with after a stop. WANDB_MODE=offline needs no account."""

    def __init__(self, settings: TrainSettings) -> None:
        try:
            import wandb
        except ImportError as error:
            raise _missing("metrics.wandb_project", "wandb") from error
        folder = os.path.abspath(settings.output)
        try:
            self._run: Any = wandb.init(
                project=settings.metrics.wandb_project,
                name=os.path.basename(folder),
                id=hashlib.sha256(folder.encode()).hexdigest()[:16],
                resume="allow",
                dir=folder,
                config=settings.model_dump(mode="json"),
            )
        except (wandb.Error, OSError) as error:
            raise TrainingError(
                f"Weights & Biases cannot be written to: {error}. Log in, or set WANDB_MODE=offline, then run the same "
                "command; or take metrics.wandb_project out."
            ) from error

    def write(self, step: int, line: Line) -> None:
        self._run.log({name: value for name, value in line.items() if value is not None}, step=step)

    def close(self) -> None:
        self._run.finish()


@contextmanager
def _writing_to(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"cannot write metrics to {path}: {error}. Free space or mend the folder, then run the same command: it "
            "goes on from the last checkpoint."
        ) from error


def _missing(key: str, package: str) -> TrainingError:
    return TrainingError(f"{key} asks for {package}, which is not installed: pip install {package}, or take it out")
