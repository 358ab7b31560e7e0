"""The configuration of the job that builds a vocabulary."""

from __future__ import annotations

from pydantic import Field, field_validator

from concept_vocab.wordnet.sense_types import ConceptType
from pipelines.engine.settings import RunnerSettings
from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings
from transforms.storage import absolute
from transforms.vocabularies.settings import GroupingSettings, VocabularySource


class VocabularyBuildSettings(Settings):
    """Everything that ``evenweave vocabulary build`` needs."""

    output: str = Field(
        min_length=1, description="the vocabulary's folder: a path or URI", json_schema_extra=NOT_FINGERPRINTED
    )
    language: str = Field("en", pattern="^[a-z]{2,3}$", description="of the sources that name none, ISO 639")
    cap: int = Field(500_000, ge=1, le=2**31 - 1, description="concepts at most (500,000: as the published list has)")
    sources: list[VocabularySource] = Field(
        min_length=1, description="in this order: the first that has a concept is the one that brings it"
    )
    block_lists: list[str] = Field(
        [],
        description="files with a concept a line that is to be left out, in any case",
        json_schema_extra=NOT_FINGERPRINTED,  # their content is an input
    )
    blocked_types: list[ConceptType] = Field([], description="concepts of these types are left out")
    keep_closed_class: bool = Field(False, description="keep words that only hold sentences together: the, of, whereas")
    grouping: GroupingSettings | None = Field(
        None,
        description="an encoder that groups concepts of one meaning and types what nothing else tells; null: none",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    part_bytes: int = Field(
        16 << 20,
        ge=1 << 10,
        description="compressed bytes of a dump that a worker counts",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    runner: RunnerSettings = Field(default_factory=RunnerSettings, json_schema_extra=NOT_FINGERPRINTED)

    @field_validator("sources")
    @classmethod
    def _names_differ(cls, sources: list[VocabularySource]) -> list[VocabularySource]:
        names = [source.name for source in sources]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two sources are called {repeated[0]!r}; names must differ")
        wordnets = [source.language for source in sources if source.kind in ("wordnet", "wordnet_lmf")]
        if len(wordnets) != len(set(wordnets)):
            raise ValueError("two sources of one language are WordNets; types and plurals are told by one")
        return sources

    def language_of(self, source: VocabularySource) -> str:
        return source.language or self.language

    @field_validator("block_lists")
    @classmethod
    def _resolve(cls, paths: list[str]) -> list[str]:
        return [absolute(path) for path in paths]
