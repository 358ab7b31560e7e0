"""What is to be known of a concept that stays: a mark, never a drop: what no image shows may just be rare."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from concept_vocab.closed_class import is_closed_class
from concept_vocab.concept_types import is_name as is_spelt_as_name
from concept_vocab.concept_types import is_number
from concept_vocab.languages.segmenters import SEGMENTERS, UNSPACED, words_of

Mark = Literal["name", "number", "closed class", "fragment", "likely typo"]
MARKS: tuple[Mark, ...] = ("name", "number", "closed class", "fragment", "likely typo")

#: A word is a likely typo of one that is an edit away and so many times as frequent (assumed, as of one letter in a
#: hundred words mistyped), if both have so many letters: in short words an edit makes another word.
_TIMES_AS_FREQUENT = 100
_FEWEST_LETTERS = 6


def marks_of(
    form: str, spellings: Collection[str], language: str, typos: Collection[str], is_lemma: bool, is_name: bool = False
) -> list[Mark]:
    """``form``, normalised, is spelt so; ``typos``: forms that are likely ones; ``is_name``: whether a source says so.
    A fragment begins or ends with a word that only holds sentences together, as "members and" does, and is no lemma, as
    "look at" would be."""
    words = words_of(form, language) if language in SEGMENTERS or language not in UNSPACED else [form]
    ends_closed = is_closed_class(words[0], language) or is_closed_class(words[-1], language)
    found: dict[Mark, bool] = {
        "name": is_name or all(map(is_spelt_as_name, spellings)),
        "number": is_number(form),
        "closed class": is_closed_class(form, language),
        "fragment": len(words) > 1 and ends_closed and not is_lemma,
        "likely typo": form in typos,
    }
    return [mark for mark in MARKS if found[mark]]


def likely_typos(counts: Mapping[str, int], known: Collection[str]) -> set[str]:
    """Of the words that are counted those that are not ``known`` and an edit away from a far more frequent one: a
    letter left out, put in, changed, or two changed about."""
    if not counts:
        return set()
    least = min(counts.values()) * _TIMES_AS_FREQUENT
    frequent: dict[str, list[str]] = {}
    for word, count in counts.items():
        if count >= least and _is_plain(word):
            for shorter in _shortened(word):
                frequent.setdefault(shorter, []).append(word)
    return {
        word
        for word, count in counts.items()
        if word not in known and _is_plain(word)
        if any(
            counts[other] >= count * _TIMES_AS_FREQUENT and _is_one_edit(word, other)
            for shorter in _shortened(word)
            for other in frequent.get(shorter, ())
        )
    }


def _is_plain(word: str) -> bool:
    return len(word) >= _FEWEST_LETTERS and word.isalpha()


def _shortened(word: str) -> Iterator[str]:
    """It, and it without each of its letters: two words an edit apart share one of these."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _is_one_edit(one: str, other: str) -> bool:
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    at = next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    return short[at + 1 :] == long[at + 1 :] or (
        short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    )
