"""Which sources a vocabulary is built from, and what of each."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from concept_vocab.sources.langlinks import LEAST_LINKS
from concept_vocab.sources.page_views import CAP, HOURLY_VIEWS, VIEWS
from concept_vocab.sources.registry import SOURCES
from concept_vocab.sources.source import Options
from concept_vocab.sources.wikipedia import BIGRAM_CAP, UNIGRAM_CAP, UNIGRAM_MINIMUM
from concept_vocab.wikipedia.ngrams import Threshold
from transforms.annotating.settings import EncoderSettings
from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings
from transforms.storage import absolute

SourceKind = Literal["wordnet", "wordnet_lmf", "wikipedia", "page_views", "jieba", "langlinks", "list", "table"]
if set(get_args(SourceKind)) != SOURCES.keys():
    raise AssertionError(f"kinds of the settings and of the registry differ: {sorted(SOURCES)}")


class UnigramSettings(Settings):
    """Single words of a dump."""

    minimum: int = Field(UNIGRAM_MINIMUM, ge=1, description="times that a word is seen at least (100: as published)")
    share: float = Field(0.0, ge=0, lt=1, description="the same as a share of all words, for dumps of other sizes")
    cap: int | None = Field(UNIGRAM_CAP, ge=0, description="new concepts at most (251,465: as published); 0: no words")


class BigramSettings(Settings):
    """Pairs of neighbouring words of a dump."""

    rule: Literal["npmi", "metaclip"] = Field(
        "npmi",
        description="npmi: those seen often enough, by falling normalised PMI; metaclip: PMI of 30 and more whatever "
        "the count, as published, which in a dump of all of Wikipedia picks typos and in smaller ones nothing",
    )
    minimum: int = Field(5, ge=1, description="times that a pair is seen at least, of npmi")
    share: float = Field(5e-9, ge=0, lt=1, description="the same as a share of all words: 5e-9 of 4.5e9 are 23")
    cap: int | None = Field(BIGRAM_CAP, ge=0, description="new concepts at most (100,646: as published); 0: no pairs")


class TitleSettings(Settings):
    """Titles of pages by their views."""

    project: str = Field("en", min_length=1, description="domain code in the files: en is English Wikipedia")
    views: int = Field(VIEWS, ge=1, description="views in all at least (70: as published)")
    hourly_views: int = Field(HOURLY_VIEWS, ge=1, description="an hour with fewer does not count (50: as published)")
    cap: int | None = Field(CAP, ge=0, description="new concepts at most (61,235: as published)")


class LinkSettings(Settings):
    """Titles that pages of another Wikipedia link to."""

    minimum: int = Field(LEAST_LINKS, ge=1, description="languages that a page is linked to at least (assumed)")
    cap: int | None = Field(None, ge=0, description="new concepts at most; null: all")


class GroupingSettings(Settings):
    """Concepts that mean nearly the same, by a text encoder, which also types what nothing else tells the type of."""

    encoder: EncoderSettings
    cosine: float = Field(
        0.97, gt=0, le=1, description="above it two concepts are of one group, of which the better known is shown"
    )


class VocabularySource(Settings):
    """One source of concepts."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9_-]*$", description="told with each concept")
    kind: SourceKind = Field(description="; ".join(f"{kind}: {source.about}" for kind, source in SOURCES.items()))
    path: list[str] = Field(
        min_length=1,
        description="a file, folder or pattern, or several; their order says nothing. May be left out of wordnet "
        "(/usr/share/wordnet) and jieba (the installed package's)",
        json_schema_extra=NOT_FINGERPRINTED,  # their content is an input
    )
    language: str | None = Field(
        None,
        pattern="^[a-z]{2,3}$",
        description="ISO 639; null: that of the vocabulary. Concepts of each language are merged and typed apart",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    cap: int | None = Field(
        None, ge=0, description="new concepts at most, of wordnet, wordnet_lmf, jieba, list and table; null: all"
    )
    lemmas: Literal["head", "all"] = Field(
        "head", description="of wordnet and wordnet_lmf: the first word of each synset, as published, or all"
    )
    unigrams: UnigramSettings = Field(default_factory=UnigramSettings)
    bigrams: BigramSettings = Field(default_factory=BigramSettings)
    titles: TitleSettings = Field(default_factory=TitleSettings)
    links: LinkSettings = Field(default_factory=LinkSettings, json_schema_extra=FINGERPRINTED_IF_SET)
    columns: dict[Literal["text", "count", "type"], str] = Field(
        default_factory=dict, description="of table: the columns by what is in them, where they have other names"
    )

    @model_validator(mode="before")
    @classmethod
    def _usual_path(cls, values: Any) -> Any:
        if isinstance(values, dict) and "path" not in values and values.get("kind") in SOURCES:
            usual = SOURCES[values["kind"]].usual_path()
            return values if usual is None else {**values, "path": usual}
        return values

    @field_validator("path", mode="before")
    @classmethod
    def _one_or_several(cls, path: object) -> object:
        return [path] if isinstance(path, str) else path

    @field_validator("path")
    @classmethod
    def _resolve(cls, path: list[str]) -> list[str]:
        return [absolute(one) for one in path]

    @model_validator(mode="after")
    def _only_what_the_kind_takes(self) -> VocabularySource:
        of_some = frozenset().union(*(source.takes for source in SOURCES.values()))
        for key in sorted(self.model_fields_set & (of_some - SOURCES[self.kind].takes)):
            raise ValueError(f"{key} is not for sources of kind {self.kind}; leave it out")
        return self

    def options(self, language: str) -> Options:
        return Options(
            language=language,
            cap={"page_views": self.titles.cap, "langlinks": self.links.cap}.get(self.kind, self.cap),
            lemmas=self.lemmas,
            unigrams=Threshold(self.unigrams.minimum, self.unigrams.share),
            unigram_cap=self.unigrams.cap,
            bigrams=Threshold(self.bigrams.minimum, self.bigrams.share),
            bigram_cap=self.bigrams.cap,
            rule=self.bigrams.rule,
            project=self.titles.project,
            views=self.titles.views,
            hourly_views=self.titles.hourly_views,
            links=self.links.minimum,
            columns=dict(self.columns.items()),
        )
