"""The configuration of training: one YAML (``configs/train``).

A run goes on from its checkpoint if all that decides the weights is equal: the settings' ``identity``. Where the model
and the packs lie has no part in it, nor how the work is divided, nor how many steps there are: the data tells its own
order.
"""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from model.errors import TrainingError
from transforms.configuration import NOT_FINGERPRINTED, Settings


class DataSettings(Settings):
    """Packs to train on, and how they are read."""

    packs: list[str] = Field(
        min_length=1,
        description="run folders of evenweave pack, all of the model's tokenizer",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    weights: list[float] | None = Field(None, description="share of each; null joins them, each pack once an epoch")
    seed: int = Field(0, description="decides the order of packs")
    workers: int = Field(
        4,
        ge=0,
        description="processes a rank that decode ahead of training; 0 decodes in line",
        json_schema_extra=NOT_FINGERPRINTED,
    )


class BatchSettings(Settings):
    """Packs of a step, and how ranks take them."""

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


class LearningRates(Settings):
    """Peak learning rate of each part; null freezes it."""

    vision: float | None = Field(gt=0, description="Rice ViT without the merger")
    merger: float | None = Field(gt=0, description="2x2 patches to one text token; the adapter of the publication")
    language: float | None = Field(gt=0, description="Qwen3 with its embeddings and head; LoRA's rate with lora")

    @model_validator(mode="after")
    def _something_is_trained(self) -> Self:
        if self.vision is self.merger is self.language is None:
            raise ValueError("every part is frozen; give at least one a learning rate")
        return self


class OptimizerSettings(Settings):
    """AdamW, and the learning rate: a climb, then a cosine."""

    learning_rates: LearningRates
    min_learning_rate: float = Field(ge=0, description="where the cosine ends, for every part")
    warmup_fraction: float = Field(0.002, ge=0, lt=1, description="share of the steps in which the rate climbs from 0")
    betas: tuple[float, float] = Field(description="decay of Adam's two moments")
    eps: float = Field(1e-5, gt=0, description="added to Adam's root of the second moment")
    weight_decay: float = Field(ge=0, description="decoupled; matrices only, not norms, biases and single vectors")
    clip_norm: float = Field(1.0, gt=0, description="gradients longer than this are scaled down to it")


class SafetySettings(Settings):
    """A step whose loss or gradient is not finite, or whose loss leaps, is left out: reported, counted, survived."""

    spike_factor: float = Field(3.0, gt=1, description="a loss above this many times the recent median is a spike")
    window: int = Field(50, ge=4, description="steps of which the median is taken; no spike before half of them")
    max_in_a_row: int = Field(10, ge=1, description="this many left out one after another end the run with an error")


class ParallelSettings(Settings):
    """How the model is spread over processes, and in what it computes."""

    replicas: int = Field(1, ge=1, description="copies of the sharded model (HSDP); 1 is FSDP over all processes")
    compute_dtype: Literal["bfloat16", "float32"] = Field(
        "bfloat16", description="of weights and activations in a pass; master weights, moments, gradients are float32"
    )
    activation_checkpointing: bool = Field(description="keep only each block's input and compute the rest again")
    compile_blocks: bool = Field(False, description="torch.compile for each block of the tower and the text model")


class LoraSettings(Settings):
    """Adapters of low rank (LoRA) in place of whole weights."""

    rank: int = Field(ge=1, description="width of the adapters")
    alpha: int = Field(ge=1, description="the update is scaled by alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1, description="of the adapters' inputs")
    targets: list[str] = Field(min_length=1, description="names of linear layers of the language model to adapt")


class CheckpointSettings(Settings):
    """When checkpoints are written, and how many stay."""

    every_steps: int = Field(ge=1, description="steps between checkpoints; the last step always has one")
    keep: int = Field(2, ge=1, description="newest checkpoints that are kept")


class MetricSettings(Settings):
    """What is written of a run while it trains."""

    every_steps: int = Field(10, ge=1, description="steps between lines; each is a mean over them")
    tensorboard: bool = Field(False, description="write for TensorBoard as well (pip install tensorboard)")
    wandb_project: str | None = Field(None, description="send to this project of Weights & Biases (pip install wandb)")
    peak_flops_per_sec: float | None = Field(
        None, gt=0, description="of one device in compute_dtype, for MFU; null knows NVIDIA's A100 to B200"
    )


class TrainSettings(Settings):
    """Everything that ``evenweave train`` needs."""

    output: str = Field(
        min_length=1,
        description="folder of checkpoints, metrics and the exported model",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    model: str = Field(
        min_length=1,
        description="folder of the model to begin from, with its tokenizer",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    steps: int = Field(ge=1, description="optimizer steps of the whole run", json_schema_extra=NOT_FINGERPRINTED)
    seed: int = Field(0, description="of what is drawn in training: adapters and their dropout")
    data: DataSettings
    batch: BatchSettings
    optimizer: OptimizerSettings
    parallel: ParallelSettings = Field(json_schema_extra=NOT_FINGERPRINTED)
    checkpoint: CheckpointSettings = Field(json_schema_extra=NOT_FINGERPRINTED)
    metrics: MetricSettings = Field(json_schema_extra=NOT_FINGERPRINTED)
    safety: SafetySettings = Field(default_factory=SafetySettings)
    loss_chunk_tokens: int = Field(
        1024,
        ge=1,
        description="tokens whose logits exist at once: 1,024 of Qwen's 151,936 words are 0.6 GB in float32",
        json_schema_extra=NOT_FINGERPRINTED,
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
