"""What is searched for: surface forms by the bytes that stand for them in marked text, and which concepts each means.

Several forms may be one pattern: of several concepts (pain in English and in French), or such as only case tells apart
(China, china), which are then compared as they are spelt.

Shape legend: F forms, P patterns, C choices (a concept of a pattern, by a spelling or by any).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.matching.marked_text import MarkedText, mark
from concept_vocab.vocabulary import VocabularyError, normalise

Ints = NDArray[np.int64]

_SEVERAL = -1  # in Patterns.concept: not one alone, or not by any spelling

#: As marked_text puts them in one buffer.
_MOST_AT_ONCE = 1 << 16

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # no regular text holds one


class SurfaceForm(NamedTuple):
    """How a concept is spelt. ``match_case``: whether only this spelling, with its case, is meant."""

    concept: int
    text: str
    match_case: bool


class Patterns(NamedTuple):
    """What matches mean.

    ``numbers``: the patterns that the automaton knows, in its order. ``single``: (256,) the pattern of a lone ASCII
    letter or digit, in either case, -1 for none; the automaton lacks it. ``concept``: (P,) the concept that any
    spelling of a pattern means, or -1: then one of its choices, ``choices[p]`` to ``choices[p+1]``, whose concepts are
    ``choice_concept`` (C,), and which stand where the text is spelt as the bytes ``spelt[c]`` to ``spelt[c+1]`` of
    ``spellings``, or, where these are none, in any spelling.
    """

    numbers: Ints
    single: NDArray[np.int32]
    concept: NDArray[np.int32]
    choices: Ints
    choice_concept: NDArray[np.int32]
    spelt: Ints
    spellings: NDArray[np.uint8]


def patterns_of(forms: Iterable[SurfaceForm]) -> tuple[Patterns, list[bytes]]:
    """And what the automaton is made of. Raises VocabularyError where no form has anything that a text could hold."""
    found = _by_pattern(forms)
    if not found:
        raise VocabularyError("there is no surface form to match: the vocabulary is empty")
    single = np.full(256, -1, np.int32)
    marked, numbers, concept = [], [], np.full(len(found), _SEVERAL, np.int32)
    choices, choice_concept, spellings = [0], list[int](), list[bytes]()
    for number, (pattern, meant) in enumerate(found.items()):
        if _is_single(pattern.decode("latin-1")):
            single[[*pattern, *pattern.upper()]] = number
        else:
            marked.append(pattern)
            numbers.append(number)
        free = {one for one, spelling in meant if not spelling}
        if free and len({one for one, _ in meant}) == 1:
            concept[number] = next(iter(free))
        kept = [(one, spelling) for one, spelling in sorted(meant) if not spelling or one not in free]
        choice_concept += [one for one, _ in kept]
        spellings += [spelling for _, spelling in kept]
        choices.append(len(spellings))
    patterns = Patterns(
        np.array(numbers, np.int64),
        single,
        concept,
        np.array(choices),
        np.array(choice_concept, np.int32),
        np.concatenate([[0], np.cumsum([len(one) for one in spellings])]).astype(np.int64),
        np.frombuffer(b"".join(spellings), np.uint8),
    )
    return patterns, marked


def _by_pattern(forms: Iterable[SurfaceForm]) -> dict[bytes, set[tuple[int, bytes]]]:
    """Pattern → its concepts, each with the spelling that is asked for, b"" for any."""
    found: dict[bytes, set[tuple[int, bytes]]] = {}
    every = [SurfaceForm(concept, normalise(text), case) for concept, text, case in forms]
    every = [one for one in every if one.text and not _CONTROL.search(one.text)]
    for start in range(0, len(every), _MOST_AT_ONCE):
        some = every[start : start + _MOST_AT_ONCE]
        text = mark(pa.array([one.text for one in some], pa.string()))
        for form, pattern in zip(some, _pieces(text), strict=True):
            spelling = form.text.encode() if form.match_case else b""
            key = form.text.lower().encode() if _is_single(form.text) else pattern
            found.setdefault(key, set()).add((form.concept, spelling))
    return found


def _is_single(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text.isalnum()


def _pieces(text: MarkedText) -> list[bytes]:
    starts = text.starts.tolist()
    return [text.marked[start : end - 1] for start, end in itertools.pairwise(starts)]


def spelt_alike(
    patterns: Patterns, numbers: Ints, starts: Ints, exact: NDArray[np.uint8]
) -> tuple[Ints, NDArray[np.int32]]:
    """Matches (M,) of patterns with several meanings, at byte ``starts`` of ``exact`` → which of them have a concept
    that the spelling there means, and that concept: (R,) and (R,)."""
    counts = patterns.choices[numbers + 1] - patterns.choices[numbers]
    match = np.repeat(np.arange(len(numbers)), counts)
    choice = _ranges(patterns.choices[numbers], counts)
    lengths = patterns.spelt[choice + 1] - patterns.spelt[choice]
    differs = np.zeros(len(choice), np.bool_)
    asked = np.flatnonzero(lengths)
    if len(asked):
        here = exact[_ranges(starts[match[asked]], lengths[asked])]
        unlike = here != patterns.spellings[_ranges(patterns.spelt[choice[asked]], lengths[asked])]
        firsts = np.concatenate([[0], np.cumsum(lengths[asked])[:-1]])
        differs[asked] = np.logical_or.reduceat(unlike, firsts)
    return match[~differs], patterns.choice_concept[choice[~differs]]


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """starts[0], starts[0]+1, … counts[0] of them, then the same of the next."""
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(ends[-1] if len(ends) else 0)
