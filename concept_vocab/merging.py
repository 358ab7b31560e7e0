"""Entries of all sources into concepts: one for all spellings that differ by case, and for a plural and its singular.

A concept is its language and normalised form, of Chinese in simplified characters. Its spellings stay, with source and
count, as surface forms: a retriever needs the concept once, a matcher of captions all of them. Entries are taken source
after source, best first, and a source's cap bounds the concepts that it is the first to bring; that, and nothing else,
makes order matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from concept_vocab.closed_class import is_closed_class
from concept_vocab.concept import form_of, normal_form
from concept_vocab.languages.scripts import common_script
from concept_vocab.sources.source import Entry, Ranked, TypeMethod
from concept_vocab.vocabulary import VocabularyError, normalise
from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.morphy import singulars
from concept_vocab.wordnet.sense_types import ConceptType, by_frequency

#: metaclip/metadata of https://github.com/facebookresearch/MetaCLIP leaves out longer entries, and punctuation alone.
MOST_LETTERS = 256


class Spelling(NamedTuple):
    text: str
    source: str


@dataclass
class Concept:
    """``sources``: those that have it, the one that brought it first. ``counts``: by spelling and source. ``own``:
    spellings of its own form, not of a plural that is in it."""

    form: str
    sources: list[str]
    counts: dict[Spelling, int | None] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    given_type: ConceptType | None = None
    type_method: TypeMethod = "given"
    is_name: bool = False
    is_lemma: bool = False  # of a dictionary other than WordNet


class Blocked(NamedTuple):
    """An entry that left, and why."""

    text: str
    source: str
    reason: str


@dataclass
class Merged:
    concepts: dict[str, Concept]  # by form, sorted
    aliases: dict[str, str]  # plural, of some source → form that it is in, sorted
    scripts: dict[str, str]  # form in another script, of some source → form that it is in, sorted
    blocked: list[Blocked]  # sorted, each once
    over_cap: Counter[str]  # entries, by source


@dataclass(frozen=True)
class Rules:
    """``blocked_forms``: normalised. ``closed_class``: whether words of a closed class are kept."""

    language: str
    cap: int
    blocked_forms: Set[str] = frozenset()
    keep_closed_class: bool = False

    def reason(self, name: str, form: str) -> str | None:
        """Why a name is no concept; None where it is one."""
        if not any(letter.isalnum() for letter in name):
            return "no letter or digit"
        if len(name) > MOST_LETTERS:
            return f"over {MOST_LETTERS} letters"
        if form in self.blocked_forms:
            return "block list"
        if not self.keep_closed_class and is_closed_class(form, self.language):
            return "closed class"
        return None


def merge(sources: Sequence[Ranked], rules: Rules, wordnet: WordNet | None) -> Merged:
    """Concepts of all sources. Plurals are told by ``wordnet``, and are none without it or in another language.

    Raises VocabularyError where there is no concept.
    """
    merged = Merged({}, {}, {}, [], Counter())
    plurals = _plurals(sources, rules, wordnet if rules.language == "en" else None)
    for source in sources:
        new = 0
        for entry in source.entries:
            name = normalise(entry.text)
            form = form_of(name, rules.language)
            if not name:
                continue
            if reason := rules.reason(name, form):
                merged.blocked.append(Blocked(name, source.source, reason))
                continue
            target = plurals.get(form, form)
            concept = merged.concepts.get(target)
            if concept is None:
                if len(merged.concepts) >= rules.cap or (source.cap is not None and new >= source.cap):
                    merged.over_cap[source.source] += 1
                    continue
                concept = merged.concepts[target] = Concept(target, [])
                new += 1
            _add(concept, Spelling(name, source.source), entry, is_own=target == form)
            if target != form:
                merged.aliases[form] = target
            elif (spelt := normal_form(name)) != form:
                merged.scripts[spelt] = form
    if not merged.concepts:
        raise VocabularyError("the sources hold no concept but those that closed classes and block lists leave out")
    merged.concepts = dict(sorted(merged.concepts.items()))
    merged.aliases = dict(sorted(merged.aliases.items()))
    merged.scripts = dict(sorted(merged.scripts.items()))
    merged.blocked = sorted(set(merged.blocked))
    return merged


def _add(concept: Concept, spelling: Spelling, entry: Entry, is_own: bool) -> None:
    if spelling.source not in concept.sources:
        concept.sources.append(spelling.source)
    before = concept.counts.get(spelling)
    concept.counts[spelling] = entry.count if before is None else before + (entry.count or 0)
    if is_own:
        concept.own.add(spelling.text)
    concept.is_name = concept.is_name or entry.is_name
    concept.is_lemma = concept.is_lemma or entry.is_lemma
    if entry.type and not concept.given_type:
        concept.given_type, concept.type_method = entry.type, entry.type_method


def _plurals(sources: Iterable[Ranked], rules: Rules, wordnet: WordNet | None) -> dict[str, str]:
    """Plural → singular, of all forms: where the singular is a form too that may stay, and the plural no lemma, as
    glasses is."""
    if wordnet is None:
        return {}
    forms = {normal_form(entry.text) for source in sources for entry in source.entries}
    found = {}
    for form in forms:
        if form not in wordnet.senses:
            singular = next(
                (one for one in singulars(form, wordnet) if one in forms and not rules.reason(one, one)), None
            )
            if singular is not None:
                found[form] = singular
    return found


def preferred_spelling(concept: Concept, wordnet: WordNet | None, language: str = "en") -> str:
    """The spelling that names the concept: of its own form rather than a plural's, as WordNet spells its most frequent
    sense (China, and not china), else the most frequent one, in the script that the language is compared in."""
    lemma = _lemma_spelling(concept.form, wordnet)
    own: Counter[str] = Counter()
    for spelling, count in concept.counts.items():
        if spelling.text in concept.own:
            own[spelling.text] += count or 0
    if lemma or not own:
        return lemma or concept.form
    return common_script(min(own, key=lambda text: (-own[text], text)), language)


def _lemma_spelling(form: str, wordnet: WordNet | None) -> str | None:
    senses = by_frequency(wordnet.senses.get(form, ())) if wordnet else []
    if not wordnet or not senses:
        return None
    return next(word for word in wordnet.synsets[senses[0].synset].words if normal_form(word) == form)
