"""The type of each concept: by WordNet's senses for its lemmas, and for what WordNet lacks by what can be told from it.

How sure that is stands beside it: the share of a lemma's use that is of its type, times what the method was measured to
be right on lemmas of WordNet that were hidden from it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import xxhash

from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.morphy import base_forms
from concept_vocab.wordnet.sense_types import ConceptType, SenseTypes, Typed

#: A phrase is the kind of thing that its head names: the last word, unless a preposition begins what follows it.
_PREPOSITION = re.compile(r" (?:of|in|on|at|for|from|to|with|by|under|over|between|against|and|or) ")
_IN_BRACKETS = re.compile(r"^(.+) \(([^()]+)\)$")  # titles: Mercury (planet)
_NUMBER = re.compile(r"^[\d.,:%+−-]*\d[\d.,:%+−-]*$")
_HIDDEN_SHARE = 10  # one lemma in ten

#: Endings that types are told by, in letters; of so many lemmas, so many of one type: of
#: the hidden lemmas that nothing else tells, half then get a type, and of those five in six the right one.
_SHORTEST_ENDING, _LONGEST_ENDING, _FEWEST_LEMMAS, _LEAST_AGREEMENT = 3, 6, 10, 0.7


class ConceptTyped(NamedTuple):
    """``confidence``: 0 to 1; None where it was not measured. ``types``: of all senses, the one taken first."""

    type: ConceptType | None
    method: str | None
    confidence: float | None
    types: tuple[ConceptType, ...]


NOT_TYPED = ConceptTyped(None, None, 0.0, ())


@dataclass(frozen=True)
class MethodAccuracy:
    """Of hidden lemmas that the method gave a type, how many were given the right one."""

    typed: int
    right: int

    @property
    def share(self) -> float:
        return self.right / self.typed if self.typed else 0.0


@dataclass(frozen=True)
class Accuracy:
    """``hidden``: lemmas that were asked for, of which some got no type."""

    hidden: int
    by_method: dict[str, MethodAccuracy]
    by_type: dict[str, MethodAccuracy]  # by the true type; typed: of those that got any


class Typer:
    """Types of forms. ``is_hidden``: lemmas that are taken for unknown, to measure by."""

    def __init__(self, wordnet: WordNet, is_hidden: Callable[[str], bool] = lambda _: False) -> None:
        self._wordnet = wordnet
        self._senses = SenseTypes(wordnet)
        self._is_hidden = is_hidden
        self._endings = _endings((form, typed.type) for form in wordnet.senses if (typed := self.lemma(form)))
        self._methods = {"name": self._name, "morphy": self._morphy, "head": self._head, "ending": self._ending}

    def lemma(self, form: str) -> Typed | None:
        return None if self._is_hidden(form) else self._senses.of_lemma(form)

    def type_of(self, form: str, spellings: Collection[str]) -> ConceptTyped:
        """By the first method that tells; confidence not yet weighed by the method's accuracy."""
        if is_number(form):  # before WordNet, to which 22 is an adjective
            return ConceptTyped("text", "number", 1.0, ("text",))
        if typed := self.lemma(form):
            return ConceptTyped(typed.type, "wordnet", typed.share, typed.types)
        for method, find in self._methods.items():
            if found := find(form, spellings):
                return ConceptTyped(found.type, method, found.share, found.types)
        return NOT_TYPED

    def _name(self, form: str, spellings: Collection[str]) -> Typed | None:
        """What is always spelt as a name is one, of a thing, a person or a place."""
        del form
        return Typed("entity", 1.0, ("entity",), True) if spellings and all(map(is_name, spellings)) else None

    def _morphy(self, form: str, spellings: Collection[str]) -> Typed | None:
        del spellings
        return next(
            (typed for part in "nva" for base in base_forms(form, part, self._wordnet) if (typed := self.lemma(base))),
            None,
        )

    def _head(self, form: str, spellings: Collection[str]) -> Typed | None:
        """The longest lemma that the head of the phrase ends with."""
        words = head_phrase(form).split(" ")
        for start in range(len(words)):
            phrase = " ".join(words[start:])
            typed = phrase != form and (self.lemma(phrase) or self._morphy(phrase, spellings))
            if typed:
                return typed
        return None

    def _ending(self, form: str, spellings: Collection[str]) -> Typed | None:
        """What most lemmas of the same last letters are."""
        del spellings
        lengths = range(min(_LONGEST_ENDING, len(form) - 1), _SHORTEST_ENDING - 1, -1) if " " not in form else ()
        return next((self._endings[form[-length:]] for length in lengths if form[-length:] in self._endings), None)


def _endings(lemmas: Iterable[tuple[str, ConceptType]]) -> dict[str, Typed]:
    """Endings that tell a type: those of many lemmas most of which have it."""
    counts: dict[str, Counter[ConceptType]] = {}
    for form, kind in lemmas:
        if " " not in form:
            for length in range(_SHORTEST_ENDING, min(_LONGEST_ENDING, len(form) - 1) + 1):
                counts.setdefault(form[-length:], Counter())[kind] += 1
    found = {}
    for ending, types in counts.items():
        (kind, most), total = types.most_common(1)[0], types.total()
        if total >= _FEWEST_LEMMAS and most >= total * _LEAST_AGREEMENT:
            found[ending] = Typed(kind, most / total, (kind,), False)
    return found


def head_phrase(form: str) -> str:
    """What of a phrase says what it is: battle of hastings → battle, mercury (planet) → planet."""
    if found := _IN_BRACKETS.match(form):
        form = found[2]
    return _PREPOSITION.split(form, maxsplit=1)[0]


def is_name(text: str) -> bool:
    """Whether each word but prepositions begins with a capital letter, and not all letters are capitals."""
    words = [word for word in _PREPOSITION.sub(" ", text).split() if word[0].isalpha()]
    return bool(words) and not text.isupper() and all(word[0].isupper() for word in words)


def measure(wordnet: WordNet) -> Accuracy:
    """Hides a tenth of WordNet's lemmas, chosen by their hash, and types them by what is left."""
    typer, truth = Typer(wordnet, is_held_out), SenseTypes(wordnet)
    forms = [form for form in wordnet.senses if is_held_out(form) and not is_number(form)]
    outcomes = []
    for form in forms:
        true = truth.of_lemma(form)
        found = typer.type_of(form, wordnet.spellings[form])
        assert true is not None
        if found.method:
            outcomes.append((found.method, true.type, found.type == true.type))
    return Accuracy(
        len(forms),
        _tally((method, right) for method, _, right in outcomes),
        _tally((true, right) for _, true, right in outcomes),
    )


def is_held_out(form: str) -> bool:
    return xxhash.xxh3_64_intdigest(form.encode()) % _HIDDEN_SHARE == 0


def weigh(found: ConceptTyped, accuracy: Accuracy) -> ConceptTyped:
    """With the confidence that its method has earned; WordNet's own senses, and what a source said, are as they are."""
    measured = accuracy.by_method.get(found.method or "")
    if measured is None or found.confidence is None:
        return found
    return found._replace(confidence=found.confidence * measured.share)


def _tally(outcomes: Iterable[tuple[str, bool]]) -> dict[str, MethodAccuracy]:
    typed: dict[str, int] = {}
    right: dict[str, int] = {}
    for name, is_right in outcomes:
        typed[name] = typed.get(name, 0) + 1
        right[name] = right.get(name, 0) + is_right
    return {name: MethodAccuracy(typed[name], right[name]) for name in sorted(typed)}


def is_number(form: str) -> bool:
    return bool(_NUMBER.match(form))
