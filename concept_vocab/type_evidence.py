"""What WordNet's lemmas have in common that are of one type: how they end, what their phrases are of, their infoboxes.

Evidence is counted over lemmas, and tells the type of what WordNet lacks: most phrases that end with "tree" are plants.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from concept_vocab.wordnet.sense_types import ConceptType, Typed

Counts = dict[str, Counter[ConceptType]]

#: A phrase is the kind of thing that its head names: the last word, unless a preposition begins what follows it.
PREPOSITION = re.compile(r" (?:of|in|on|at|for|from|to|with|by|under|over|between|against|and|or) ")
_IN_BRACKETS = re.compile(r"^(.+) \(([^()]+)\)$")  # titles: Mercury (planet)

#: Endings that types are told by, in letters; of so many lemmas, so many of one type: of
#: the hidden lemmas that nothing else tells, half then get a type, and of those five in six the right one.
_SHORTEST_ENDING, _LONGEST_ENDING, _FEWEST_LEMMAS, _LEAST_AGREEMENT = 3, 6, 10, 0.7
_FEWEST_PHRASES = 2  # of one last word, to be asked before the word itself
_SHORTEST_PART = 3  # letters of a word within a word


class Evidence:
    """Counted once of all lemmas whose types are known."""

    def __init__(self, lemmas: Iterable[tuple[str, ConceptType]], infoboxes: Mapping[str, str]) -> None:
        """``infoboxes``: by form, of pages that have one."""
        types = dict(lemmas)
        endings: Counts = {}
        self._last_words: Counts = {}
        self._after_hyphen: Counts = {}
        self._last_parts: Counts = {}
        self._infoboxes: Counts = {}
        for form, kind in types.items():
            if " " in form:
                _count(self._last_words, head_phrase(form).rpartition(" ")[2], kind)
            elif "-" in form:
                _count(self._after_hyphen, form.rpartition("-")[2], kind)
            else:
                for tail in tails(form, types):
                    _count(self._last_parts, tail, kind)
            if " " not in form:
                for length in range(_SHORTEST_ENDING, min(_LONGEST_ENDING, len(form) - 1) + 1):
                    _count(endings, form[-length:], kind)
            if box := infoboxes.get(form):
                _count(self._infoboxes, box, kind)
        self._endings = {ending: typed for ending, counts in endings.items() if (typed := _agreed(counts))}

    def ending(self, form: str) -> Typed | None:
        """What most lemmas of the same last letters are; None of a phrase."""
        lengths = range(min(_LONGEST_ENDING, len(form) - 1), _SHORTEST_ENDING - 1, -1) if " " not in form else ()
        return next((self._endings[form[-length:]] for length in lengths if form[-length:] in self._endings), None)

    def phrase(self, head: str, own: Typed | None) -> Typed | None:
        """What most phrases of the same last word are, and the word itself (``own``) for one more; ``own`` where there
        are too few."""
        counts = self._last_words.get(head.rpartition(" ")[2], Counter())
        return _vote(counts, own) if counts.total() >= _FEWEST_PHRASES else own

    def hyphenated(self, form: str, own: Typed | None) -> Typed | None:
        """The same of words with a hyphen, by what stands behind it."""
        counts = self._after_hyphen.get(form.rpartition("-")[2], Counter())
        return _vote(counts, own) if counts.total() >= _FEWEST_PHRASES or own else None

    def compound(self, tail: str, own: Typed | None) -> Typed | None:
        """The same of words in one, by the last: bookcase."""
        return _vote(self._last_parts.get(tail, Counter()), own)

    def infobox(self, name: str) -> Typed | None:
        """What most lemmas are whose pages have the same infobox."""
        counts = self._infoboxes.get(name)
        return _agreed(counts) if counts else None


def tails(form: str, lemmas: Mapping[str, object]) -> list[str]:
    """Lemmas that a word ends with, the longest first, where what stands before is a lemma too."""
    cuts = range(_SHORTEST_PART, len(form) - _SHORTEST_PART + 1)
    return [form[at:] for at in cuts if form[at:] in lemmas and form[:at] in lemmas]


def head_phrase(form: str) -> str:
    """What of a phrase says what it is: battle of hastings → battle, mercury (planet) → planet."""
    if found := _IN_BRACKETS.match(form):
        form = found[2]
    return PREPOSITION.split(form, maxsplit=1)[0]


def _count(counts: Counts, key: str, kind: ConceptType) -> None:
    counts.setdefault(key, Counter())[kind] += 1


def _agreed(counts: Counter[ConceptType]) -> Typed | None:
    """The type that nearly all of many have."""
    (kind, most), total = min(counts.items(), key=lambda one: (-one[1], one[0])), counts.total()
    is_told = total >= _FEWEST_LEMMAS and most >= total * _LEAST_AGREEMENT
    return Typed(kind, most / total, (kind,), False) if is_told else None


def _vote(counts: Counter[ConceptType], own: Typed | None) -> Typed | None:
    votes = counts + Counter([own.type] if own else [])
    if not votes:
        return None
    kind, most = min(votes.items(), key=lambda one: (-one[1], one[0]))
    return Typed(kind, most / votes.total(), (kind,), False)
