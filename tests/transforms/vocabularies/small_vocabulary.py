"""A vocabulary of a few concepts, made of lists by the tiny WordNet."""

from __future__ import annotations

from typing import Any

from concept_vocab.merging import Rules
from concept_vocab.sources.source import Entry, Ranked
from tests.concept_vocab.wordnet.tiny_wordnet import tiny
from transforms.vocabularies.assembly import Assembly, assemble
from transforms.vocabularies.files import BuiltVocabulary
from transforms.vocabularies.joining import join

ABOUT: dict[str, Any] = {"sources": [{"name": "words", "about": "a list", "licence": "of the user"}]}


def small(**changes: Any) -> BuiltVocabulary:
    """Of one language, joined. Changes are those of the assembly."""
    return join([apart(**changes)], ABOUT)


def apart(**changes: Any) -> BuiltVocabulary:
    """The same before it is joined."""
    heads = Ranked("wordnet", [Entry(word) for word in ("dog", "China", "china", "street", "ice bear", "red")], None)
    words = [Entry("Dogs", 9), Entry("dog", 5), Entry("street", 4), Entry("Los Angeles", 3), Entry("the", 99)]
    words += [Entry("narrow streets", 2), Entry("narrow street", 2), Entry("dog and", 2), Entry("1984", 1)]
    assembly = {
        "ranked": [heads, Ranked("words", words, 9)],
        "wordnet": tiny(),
        "rules": Rules("en", 100),
        "blocked_types": frozenset(),
    }
    return assemble(Assembly(**{**assembly, **changes}))
