"""The configuration of the pack job."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from pipelines.engine.settings import RunnerSettings
from pipelines.resolved_sources import resolved
from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.conversations.document import DEFAULT_SYSTEM_PROMPT
from transforms.packing.settings import PackSettings
from transforms.packing.sources import Layout, PackedShardSettings, PackSource, VideoSampling
from transforms.storage import absolute


class PackJobSettings(Settings):
    """Everything that ``evenweave pack`` needs."""

    output: str = Field(min_length=1, description="the run folder: a path or URI", json_schema_extra=NOT_FINGERPRINTED)
    sources: list[PackSource] = Field(min_length=1, description="where documents come from")
    pack: PackSettings
    video: VideoSampling = Field(default_factory=VideoSampling)
    layout: Layout = Field(
        "native",
        description="native: ready to train on, holds everything; llava-ov-1.5: for the published Megatron trainer; "
        "messages: not packed, for Hugging Face and NeMo AutoModel recipes",
    )
    shards: PackedShardSettings = Field(default_factory=PackedShardSettings)
    max_reject_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="the job fails when it rejects more: then the input is not what was expected",
        json_schema_extra=NOT_FINGERPRINTED,  # raised after a stop, the same run goes on
    )
    runner: RunnerSettings = Field(default_factory=RunnerSettings, json_schema_extra=NOT_FINGERPRINTED)

    @field_validator("sources")
    @classmethod
    def _check_and_resolve(cls, sources: list[PackSource]) -> list[PackSource]:
        return resolved(sources)

    @field_validator("pack")
    @classmethod
    def _resolve_tokenizer(cls, pack: PackSettings) -> PackSettings:
        """Workers may have another working directory."""
        return pack.model_copy(update={"tokenizer": absolute(pack.tokenizer)})

    @model_validator(mode="after")
    def _system_prompt_fits_layout(self) -> PackJobSettings:
        if self.layout == "llava-ov-1.5" and self.pack.system_prompt != DEFAULT_SYSTEM_PROMPT:
            raise ValueError(
                f"the trainer of layout llava-ov-1.5 writes its own system prompt ({DEFAULT_SYSTEM_PROMPT!r}); "
                "leave pack.system_prompt out"
            )
        return self

    def as_resolved(self) -> dict[str, Any]:
        """What run.json keeps: all but where the output lies, how it was run and how it was watched over, so that equal
        runs are equal."""
        return self.model_dump(mode="json", exclude={"output", "max_reject_share", "runner"})

    def identity(self) -> dict[str, Any]:
        """The tokenizer counts by its content (pipelines.pack adds that), not by where it lies."""
        values = super().identity()
        values["pack"] = {name: value for name, value in values["pack"].items() if name != "tokenizer"}
        return values
