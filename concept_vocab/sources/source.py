"""What a source of concepts is: files in, entries out, best first, with what is to be said of where they come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import pyarrow as pa

from concept_vocab.source_file import SourceFile
from concept_vocab.wikipedia.bz2_streams import Part
from concept_vocab.wikipedia.ngrams import Rule, Threshold
from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.sense_types import ConceptType

#: What a source tells types by: it gives them, or it tells the part of speech, which says less.
TypeMethod = Literal["given", "part of speech"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A spelling that a source has. ``count``: how often it was seen there, in words or views; None of lists."""

    text: str
    count: int | None = None
    type: ConceptType | None = None  # where the source itself says it
    type_method: TypeMethod = "given"
    is_name: bool = False  # where the source itself says so
    is_lemma: bool = False  # where the source is a dictionary


class Ranked(NamedTuple):
    """Entries best first, and of how many of them new concepts are made at most; None: of all."""

    source: str
    entries: list[Entry]
    cap: int | None


class Found(NamedTuple):
    """What a source gives. ``wordnet``: what senses, plurals and types are told by, where the source is one.
    ``infoboxes``: (title, infobox) of pages that have one."""

    ranked: list[Ranked]
    wordnet: WordNet | None = None
    infoboxes: pa.Table | None = None


class Counted(NamedTuple):
    """What was counted of one kind. ``total``: of all, those too rare to be in the table among them."""

    total: int
    table: pa.Table


@dataclass(frozen=True)
class Options:
    """How a source is to be read; each takes those that its ``takes`` names, and language and cap."""

    language: str  # ISO 639-1
    cap: int | None
    lemmas: Literal["head", "all"]
    unigrams: Threshold
    unigram_cap: int | None
    bigrams: Threshold
    bigram_cap: int | None
    rule: Rule
    project: str
    views: int
    hourly_views: int
    links: int  # of langlinks: languages that a page is linked to at least
    columns: Mapping[str, str]  # of tables: text, count, type → the column's name


class Source(ABC):
    """One kind of source. Declared by what it says of itself; registered in :mod:`concept_vocab.sources.registry`."""

    kind: ClassVar[str]
    about: ClassVar[str]
    licence: ClassVar[str]  # of what is taken from it; "of the user" where only the user can know
    url: ClassVar[str]
    thresholds: ClassVar[str]  # which, and where they come from
    remedy: ClassVar[str] = ""  # what to do where its files are missing
    takes: ClassVar[frozenset[str]] = frozenset()  # settings that only some kinds have

    def check(self, options: Options) -> None:  # noqa: B027 (most take any)
        """Before any work; raises VocabularyError for settings that it cannot be read by."""

    def usual_path(self) -> str | None:
        """Where it lies if no path is named; None where it has no usual place."""
        return None

    @abstractmethod
    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        """Entries of the files, the same in whatever order they come. Raises VocabularyError naming a faulty one.

        ``counted``: of a :class:`CountedSource` what was counted, by kind of key.
        """


class CountedSource(Source):
    """A source too large to be read at once: parts of it are counted apart, and the counts added up."""

    #: The columns that are counted, by kind of key; beside them stands ``count``.
    keys: ClassVar[Mapping[str, tuple[str, ...]]]

    @abstractmethod
    def parts(self, files: Sequence[SourceFile], part_bytes: int) -> list[Part]:
        """What is counted apart."""

    @abstractmethod
    def count(self, part: Part, options: Options) -> Iterator[tuple[str, pa.Table]]:
        """Counts of a part, by kind of key; a kind may come several times, and a key in several tables."""

    @abstractmethod
    def least_count(self, kind: str, options: Options) -> int:
        """What is seen less often in all comes into question for nothing."""


def by_count(entries: Sequence[Entry]) -> list[Entry]:
    """The most frequent first; equal ones, and those without a count, by their text."""
    return sorted(entries, key=lambda entry: (-(entry.count or 0), entry.text))
