"""The configuration of a build: one section a stage, joined into one strict YAML."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from pipelines.engine.settings import RunnerSettings
from transforms.annotating.settings import EncoderSettings, RetrievalSettings, VocabularySettings
from transforms.balancing.settings import BalanceSettings
from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.exporting.settings import ExportSettings
from transforms.filtering.settings import FilterSettings
from transforms.images.decode import DecodeSettings
from transforms.miniature.settings import MiniatureSettings
from transforms.reading.settings import SourceSettings
from transforms.storage import absolute


class MiniatureCorpus(Settings):
    """The embedded corpus, drawn before the first stage where there is no input of one's own."""

    folder: str = Field(min_length=1, description="where it is drawn; its shards/ is then an ordinary source")
    settings: MiniatureSettings = Field(default_factory=MiniatureSettings)


class BuildSettings(Settings):
    """Everything that ``evenweave build`` needs, and each of its stages alone."""

    output: str = Field(min_length=1, description="the run folder: a path or URI", json_schema_extra=NOT_FINGERPRINTED)
    miniature: MiniatureCorpus | None = Field(
        None,
        description="draw the embedded corpus first; null for real input",
        json_schema_extra=NOT_FINGERPRINTED,  # an input like any other: the listing of its shards identifies it
    )
    sources: list[SourceSettings] = Field(min_length=1, description="where samples come from")
    limit: int | None = Field(
        None,
        ge=1,
        description="a trial: at most so many samples are read, spread over the sources and their shards; null: all. "
        "--limit sets it, and a smaller balance.size and a run folder of its own with it",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    files_per_shard: int = Field(1000, ge=1, description="format folder: images of one virtual shard")
    decode: DecodeSettings = Field(default_factory=DecodeSettings)
    encoder: EncoderSettings
    vocabulary: VocabularySettings
    retrieval: RetrievalSettings = Field(default_factory=RetrievalSettings)
    filter: FilterSettings = Field(default_factory=FilterSettings, json_schema_extra=FINGERPRINTED_IF_SET)
    deduplicate: DeduplicateSettings = Field(default_factory=DeduplicateSettings)
    balance: BalanceSettings
    export: ExportSettings = Field(default_factory=ExportSettings)
    max_reject_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="annotate fails when it rejects more than this: then the input is not what the configuration says",
        json_schema_extra=NOT_FINGERPRINTED,  # raised after a stop, the same run goes on
    )
    reuse: str | None = Field(
        None,
        min_length=1,
        description="another run folder, over the same input and encoder, whose annotations are taken over",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    runner: RunnerSettings = Field(default_factory=RunnerSettings, json_schema_extra=NOT_FINGERPRINTED)

    @field_validator("sources")
    @classmethod
    def _check_and_resolve(cls, sources: list[SourceSettings]) -> list[SourceSettings]:
        names = [source.name for source in sources]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two sources are called {repeated[0]!r}; names must differ")
        # run.json must lead back to the images from wherever it is read
        return [
            source.model_copy(
                update={
                    "path": absolute(source.path),
                    "embeddings": absolute(source.embeddings) if source.embeddings else None,
                }
            )
            for source in sources
        ]

    @field_validator("export", mode="before")
    @classmethod
    def _form_alone(cls, export: Any) -> Any:
        """``export: index`` is short for ``export: {form: index}``."""
        return {"form": export} if isinstance(export, str) else export

    @model_validator(mode="after")
    def _similarity_is_annotated(self) -> Self:
        if self.filter.takes_similarity and not self.retrieval.caption_similarity:
            raise ValueError("filter looks at the similarity of captions: set retrieval.caption_similarity: true")
        return self

    @model_validator(mode="after")
    def _shards_are_reused_whole(self) -> Self:
        if self.limit is not None and self.reuse is not None:
            raise ValueError("limit reads parts of shards, reuse takes over whole ones: leave one of them out")
        return self

    def as_resolved(self) -> dict[str, Any]:
        """What run.json keeps: all but where the output lies, how it was run and how it was watched over, so that equal
        runs are equal."""
        return self.model_dump(mode="json", exclude={"output", "max_reject_share", "reuse", "runner"})
