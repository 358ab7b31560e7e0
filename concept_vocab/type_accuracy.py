"""How often types that are told without a lemma's own senses are right: a tenth of WordNet is hidden, and typed by what
is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import xxhash

from concept_vocab.concept_types import NEAREST, ConceptTyped, Typer, is_number
from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.sense_types import ConceptType, SenseTypes

_HIDDEN_SHARE = 10  # one lemma in ten


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

    def with_nearest(self, nearest: MethodAccuracy) -> Accuracy:
        """``nearest``: of the lemmas that nothing else told the type of, and that are in the vocabulary."""
        return replace(self, by_method={**self.by_method, NEAREST: nearest})


class Outcome(NamedTuple):
    """Of one hidden lemma. ``method``: None where none told a type."""

    form: str
    true: ConceptType
    method: str | None
    is_right: bool


def hide(wordnet: WordNet, infoboxes: Mapping[str, str] | None = None) -> list[Outcome]:
    """Of a tenth of WordNet's lemmas, chosen by their hash. ``infoboxes``: by form."""
    typer, truth = Typer(wordnet, is_held_out, infoboxes), SenseTypes(wordnet)
    outcomes = []
    for form in wordnet.senses:
        if is_held_out(form) and not is_number(form):
            true = truth.of_lemma(form)
            found = typer.type_of(form, wordnet.spellings[form])
            assert true is not None
            outcomes.append(Outcome(form, true.type, found.method, found.type == true.type))
    return outcomes


def measure(outcomes: Iterable[Outcome]) -> Accuracy:
    asked = list(outcomes)
    told = [(one.method, one) for one in asked if one.method]
    return Accuracy(
        len(asked),
        tally((method, one.is_right) for method, one in told),
        tally((one.true, one.is_right) for _, one in told),
    )


def is_held_out(form: str) -> bool:
    return xxhash.xxh3_64_intdigest(form.encode()) % _HIDDEN_SHARE == 0


def weigh(found: ConceptTyped, accuracy: Accuracy) -> ConceptTyped:
    """With the confidence that its method has earned; WordNet's own senses, and what a source said, are as they are."""
    measured = accuracy.by_method.get(found.method or "")
    if measured is None or found.confidence is None:
        return found
    return found._replace(confidence=found.confidence * measured.share)


def tally(outcomes: Iterable[tuple[str, bool]]) -> dict[str, MethodAccuracy]:
    """By name."""
    typed: dict[str, int] = {}
    right: dict[str, int] = {}
    for name, is_right in outcomes:
        typed[name] = typed.get(name, 0) + 1
        right[name] = right.get(name, 0) + is_right
    return {name: MethodAccuracy(typed[name], right[name]) for name in sorted(typed)}
