"""The type of each concept: by WordNet's senses for its lemmas, and for what WordNet lacks by what can be told from it.

How sure that is stands beside it: the share of a lemma's use that is of its type, times what the method was measured to
be right on lemmas of WordNet that were hidden from it (:mod:`concept_vocab.type_accuracy`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from concept_vocab.type_evidence import PREPOSITION, Evidence, head_phrase, tails
from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.morphy import base_forms
from concept_vocab.wordnet.sense_types import ConceptType, SenseTypes, Typed

_NUMBER = re.compile(r"^[\d.,:%+−-]*\d[\d.,:%+−-]*$")
NEAREST = "nearest"  # the method by embeddings, which only a build with an encoder has


class ConceptTyped(NamedTuple):
    """``confidence``: 0 to 1; None where it was not measured. ``types``: of all senses, the one taken first."""

    type: ConceptType | None
    method: str | None
    confidence: float | None
    types: tuple[ConceptType, ...]


NOT_TYPED = ConceptTyped(None, None, 0.0, ())


class Typer:
    """Types of forms. ``is_hidden``: lemmas that are taken for unknown, to measure by; ``infoboxes``: by form."""

    def __init__(
        self,
        wordnet: WordNet,
        is_hidden: Callable[[str], bool] = lambda _: False,
        infoboxes: Mapping[str, str] | None = None,
    ) -> None:
        self._wordnet = wordnet
        self._senses = SenseTypes(wordnet)
        self._is_hidden = is_hidden
        self._infoboxes = infoboxes or {}
        lemmas = ((form, typed.type) for form in wordnet.senses if (typed := self.lemma(form)))
        self._evidence = Evidence(lemmas, self._infoboxes)
        self._methods = {
            "infobox": self._infobox,
            "name": self._name,
            "morphy": self._morphy,
            "head": self._head,
            "hyphen": self._hyphen,
            "ending": self._ending,
            "compound": self._compound,
        }

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

    def _infobox(self, form: str, spellings: Collection[str]) -> Typed | None:
        """What pages of the same infobox are of."""
        del spellings
        return self._evidence.infobox(self._infoboxes[form]) if form in self._infoboxes else None

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
        """What phrases of the same head are, or the longest lemma that the head of the phrase ends with."""
        head = head_phrase(form)
        words = head.split(" ")
        phrases = (" ".join(words[start:]) for start in range(len(words)))
        known = (self.lemma(one) or self._morphy(one, spellings) for one in phrases if one != form)
        own = next((typed for typed in known if typed), None)
        return self._evidence.phrase(head, own) if " " in form else own

    def _hyphen(self, form: str, spellings: Collection[str]) -> Typed | None:
        if "-" not in form or " " in form:
            return None
        last = form.rpartition("-")[2]
        return self._evidence.hyphenated(form, self.lemma(last) or self._morphy(last, spellings))

    def _ending(self, form: str, spellings: Collection[str]) -> Typed | None:
        del spellings
        return self._evidence.ending(form)

    def _compound(self, form: str, spellings: Collection[str]) -> Typed | None:
        del spellings
        if " " in form or "-" in form:
            return None
        known = ((tail, self.lemma(tail)) for tail in tails(form, self._wordnet.senses))
        return next((self._evidence.compound(tail, own) for tail, own in known if own), None)


def nearest_type(types: Sequence[ConceptType]) -> ConceptTyped:
    """By the types of the nearest typed concepts, the nearest first: the one that most have, of two the nearer one."""
    kind, votes = Counter(types).most_common(1)[0]
    return ConceptTyped(kind, NEAREST, votes / len(types), (kind,))


def is_name(text: str) -> bool:
    """Whether each word but prepositions begins with a capital letter, and not all letters are capitals."""
    words = [word for word in PREPOSITION.sub(" ", text).split() if word[0].isalpha()]
    return bool(words) and not text.isupper() and all(word[0].isupper() for word in words)


def is_number(form: str) -> bool:
    return bool(_NUMBER.match(form))
