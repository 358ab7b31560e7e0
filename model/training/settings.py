"""The configuration of training: one YAML (``configs/train``), strict, with overrides and errors that name the key."""

from __future__ import annotations

import math
import os
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.errors import TrainingError


class Section(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class DataSettings(Section):
    packs: list[str] = Field(min_length=1, description="run folders of evenweave pack, all of the model's tokenizer")
    weights: list[float] | None = Field(None, description="share of each; null joins them, each pack once an epoch")
    seed: int = Field(0, description="decides the order of packs")
    workers: int = Field(4, ge=0, description="processes a rank that decode ahead of training; 0 decodes in line")


class BatchSettings(Section):
    packs: int = Field(ge=1, description="packs of a whole step, over all ranks and micro-batches")
    packs_per_micro_batch: int = Field(1, ge=1, description="packs that a rank runs at once")

    def accumulation(self, world_size: int) -> int:
        """Micro-batches a rank runs in a step. Raises TrainingError where the packs cannot be shared out."""
        steps, rest = divmod(self.packs, self.packs_per_micro_batch * world_size)
        if rest:
            raise TrainingError(
                f"batch.packs is {self.packs}, which {world_size} process(es) of batch.packs_per_micro_batch "
                f"{self.packs_per_micro_batch} cannot share: make it a multiple of "
                f"{self.packs_per_micro_batch * world_size}"
            )
        return steps


class LearningRates(Section):
    """Peak learning rate of each part; null freezes it."""

    vision: float | None = Field(gt=0, description="Rice ViT without the merger")
    merger: float | None = Field(gt=0, description="2x2 patches to one text token; the adapter of the publication")
    language: float | None = Field(gt=0, description="Qwen3 with its embeddings and head; LoRA's rate with lora")

    @model_validator(mode="after")
    def _something_is_trained(self) -> Self:
        if self.vision is self.merger is self.language is None:
            raise ValueError("every part is frozen; give at least one a learning rate")
        return self


class OptimizerSettings(Section):
    learning_rates: LearningRates
    min_learning_rate: float = Field(ge=0, description="where the cosine ends, for every part")
    warmup_fraction: float = Field(0.002, ge=0, lt=1, description="share of the steps in which the rate climbs from 0")
    betas: tuple[float, float] = Field(description="decay of Adam's two moments")
    eps: float = Field(1e-5, gt=0, description="added to Adam's root of the second moment")
    weight_decay: float = Field(ge=0, description="decoupled; matrices only, not norms, biases and single vectors")
    clip_norm: float = Field(1.0, gt=0, description="gradients longer than this are scaled down to it")


class SafetySettings(Section):
    """A step whose loss or gradient is not finite, or whose loss leaps, is left out: reported, counted, survived."""

    spike_factor: float = Field(3.0, gt=1, description="a loss above this many times the recent median is a spike")
    window: int = Field(50, ge=4, description="steps of which the median is taken; no spike before half of them")
    max_in_a_row: int = Field(10, ge=1, description="this many left out one after another end the run with an error")


class ParallelSettings(Section):
    replicas: int = Field(1, ge=1, description="copies of the sharded model (HSDP); 1 is FSDP over all processes")
    compute_dtype: Literal["bfloat16", "float32"] = Field(
        "bfloat16", description="of weights and activations in a pass; master weights, moments, gradients are float32"
    )
    activation_checkpointing: bool = Field(description="keep only each block's input and compute the rest again")
    compile_blocks: bool = Field(False, description="torch.compile for each block of the tower and the text model")


class LoraSettings(Section):
    rank: int = Field(ge=1, description="width of the adapters")
    alpha: int = Field(ge=1, description="the update is scaled by alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1, description="of the adapters' inputs")
    targets: list[str] = Field(min_length=1, description="names of linear layers of the language model to adapt")


class CheckpointSettings(Section):
    every_steps: int = Field(ge=1, description="steps between checkpoints; the last step always has one")
    keep: int = Field(2, ge=1, description="newest checkpoints that are kept")


class MetricSettings(Section):
    every_steps: int = Field(10, ge=1, description="steps between lines; each is a mean over them")
    tensorboard: bool = Field(False, description="write for TensorBoard as well (pip install tensorboard)")
    wandb_project: str | None = Field(None, description="send to this project of Weights & Biases (pip install wandb)")
    peak_flops_per_sec: float | None = Field(
        None, gt=0, description="of one device in compute_dtype, for MFU; null knows NVIDIA's A100 to B200"
    )


class TrainSettings(Section):
    """Everything that ``evenweave train`` needs."""

    output: str = Field(min_length=1, description="folder of checkpoints, metrics and the exported model")
    model: str = Field(min_length=1, description="folder of the model to begin from, with its tokenizer")
    steps: int = Field(ge=1, description="optimizer steps of the whole run")
    seed: int = Field(0, description="of what is drawn in training: adapters and their dropout")
    data: DataSettings
    batch: BatchSettings
    optimizer: OptimizerSettings
    parallel: ParallelSettings
    checkpoint: CheckpointSettings
    metrics: MetricSettings
    safety: SafetySettings = Field(default_factory=SafetySettings)
    loss_chunk_tokens: int = Field(
        1024, ge=1, description="tokens whose logits exist at once: 1,024 of Qwen's 151,936 words are 0.6 GB in float32"
    )
    lora: LoraSettings | None = Field(None, description="train adapters of the language model in place of its weights")

    @model_validator(mode="after")
    def _adapters_alone_are_trained(self) -> Self:
        rates = self.optimizer.learning_rates
        if self.lora is not None and (rates.language is None or rates.vision is not None or rates.merger is not None):
            raise ValueError(
                "lora trains adapters of the language model and nothing else, so that they can be passed on by "
                "themselves: give optimizer.learning_rates.language a rate, and set vision and merger to null"
            )
        return self

    @property
    def warmup_steps(self) -> int:
        return math.ceil(self.steps * self.optimizer.warmup_fraction)

    def identity(self) -> dict[str, Any]:
        """What must be equal for a run to go on from its checkpoint: all that decides the weights, but the steps.

        Where the model and the packs lie has no part in it, nor how the work is divided: the data tells its own order.
        """
        values = self.model_dump(
            mode="json", exclude={"output", "model", "steps", "checkpoint", "metrics", "loss_chunk_tokens"}
        )
        del values["data"]["packs"], values["data"]["workers"], values["parallel"]
        return values


def load_train_settings(path: str, overrides: list[str] | None = None) -> TrainSettings:
    """Read a YAML file; ``a.b=c`` overrides a key. A value that begins with ``./`` or ``../`` is relative to the file.

    Raises TrainingError with every fault on a line of its own.
    """
    try:
        with open(path, encoding="utf-8") as file:
            values = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TrainingError(f"cannot read the training configuration {path}: {error}") from error
    if not isinstance(values, dict):
        raise TrainingError(f"{path} must be a mapping of settings")
    values = _anchored(values, os.path.dirname(os.path.abspath(path)))
    for override in overrides or []:
        _set(values, override)
    try:
        return TrainSettings.model_validate(values)
    except ValidationError as error:
        faults = [
            f"  {'.'.join(map(str, fault['loc'])) or '(top level)'}: "
            + (
                "unknown key; remove it or mend its spelling"
                if fault["type"] == "extra_forbidden"
                else fault["msg"].removeprefix("Value error, ")
            )
            for fault in error.errors()
        ]
        raise TrainingError("\n".join([f"{len(faults)} fault(s) in {path}:", *faults])) from None


def _anchored(value: Any, folder: str) -> Any:
    if isinstance(value, dict):
        return {key: _anchored(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_anchored(item, folder) for item in value]
    if isinstance(value, str) and value.startswith(("./", "../")):
        return os.path.normpath(os.path.join(folder, value))
    return value


def _set(values: dict[str, Any], override: str) -> None:
    dotted, equals, text = override.partition("=")
    *parents, last = dotted.split(".")
    if not equals or not last:
        raise TrainingError(f"--set {override}: write it as key=value, for example batch.packs=16")
    node = values
    for part in parents:
        node = node.setdefault(part, {}) if isinstance(node, dict) else node
        if not isinstance(node, dict):
            raise TrainingError(f"--set {override}: {part} is no section; give the whole value")
    try:
        node[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TrainingError(f"--set {override}: the value is not YAML: {error}") from error
