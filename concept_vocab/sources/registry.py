"""The sources by kind."""

from __future__ import annotations

from concept_vocab.sources.jieba import JiebaSource
from concept_vocab.sources.langlinks import LangLinkSource
from concept_vocab.sources.lists import ListSource, TableSource
from concept_vocab.sources.page_views import PageViewSource
from concept_vocab.sources.source import Source
from concept_vocab.sources.wikipedia import WikipediaSource
from concept_vocab.sources.wordnet import LmfSource, WordNetSource

SOURCES: dict[str, Source] = {}


def register(kind: type[Source]) -> None:
    """Raises TypeError for one that lacks a part, or has the kind of another."""
    source = kind()  # an abstract part that is left out is a TypeError of Python's own
    if not (source.kind and source.about and source.licence and source.thresholds):
        raise TypeError(f"{kind.__name__} must say its kind, what it is, its licence and its thresholds")
    if source.kind in SOURCES:
        raise TypeError(f"{kind.__name__} has the kind of {type(SOURCES[source.kind]).__name__}: {source.kind}")
    SOURCES[source.kind] = source


for _kind in (
    WordNetSource,
    LmfSource,
    WikipediaSource,
    PageViewSource,
    JiebaSource,
    LangLinkSource,
    ListSource,
    TableSource,
):
    register(_kind)
