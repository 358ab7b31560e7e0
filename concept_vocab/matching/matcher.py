"""Which concepts captions name: all captions of a batch at once, by an automaton over half a million surface forms.

A form is found as whole words. Words are runs of letters, digits and marks, but for Han characters, which jieba cuts
into words; the s of "dog's" is none. Case says nothing, unless a form asks for its own.

Pairs that a corpus was counted for hold fragments: "a man", "next to". Were they as good as other forms, the longest
ones would hide "man" and "next", so they hide nothing, and give way to what they hold.

Shape legend: N captions, M matches.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from ahocorasick_rs import BytesAhoCorasick, Implementation
from numpy.typing import NDArray

from concept_vocab.matching.forms import Ints, SurfaceForm, patterns_of, spelt_alike
from concept_vocab.matching.han_words import word_ends
from concept_vocab.matching.letters import HAN
from concept_vocab.matching.marked_text import MarkedText, is_han_inside, mark, regular

#: Captions searched at once: the library reports a match as a tuple, 150 bytes of memory.
CAPTIONS_AT_ONCE = 4096

_LONGEST_BYTES = (1 << 20) - 1  # by which forms are ordered: all that are longer are alike


class _Spans(NamedTuple):
    """(M,) each: first byte, byte after the last, and the pattern or the concept that is there."""

    starts: Ints
    ends: Ints
    found: Ints

    def take(self, which: NDArray[np.bool_] | Ints) -> _Spans:
        return _Spans(*(one[which] for one in self))

    def joined(self, other: _Spans) -> _Spans:
        return _Spans(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


class CaptionMatcher:
    """An automaton over the forms of a vocabulary; a worker builds its own."""

    def __init__(self, forms: Iterable[SurfaceForm], fragments: Collection[int] = ()) -> None:
        """``fragments``: concepts that are pieces of sentences. Raises VocabularyError where there is no form to
        match."""
        self._patterns, marked = patterns_of(forms)
        self._fragments = np.array(sorted(fragments), np.int64)
        # contiguous: of the automata that overlapping matches can be had of, the one that is small and fast to search
        self._automaton = BytesAhoCorasick(marked, implementation=Implementation.ContiguousNFA)

    def match(self, captions: pa.StringArray | Sequence[str | None], longest: bool = False) -> pa.ListArray:
        """Captions → list<int32>: the concepts that each names, once, in the order in which they begin.

        ``longest``: without those that lie within a longer one: of "red panda" the animal, not the color; and without
        fragments that hold another: of "a man" the man.
        """
        texts = captions if isinstance(captions, pa.StringArray) else pa.array(captions, pa.string())
        found = [
            self._match(regular(texts.slice(start, CAPTIONS_AT_ONCE)), longest)
            for start in range(0, len(texts), CAPTIONS_AT_ONCE)
        ]
        return pa.concat_arrays(found) if found else pa.array([], pa.list_(pa.int32()))

    def _match(self, texts: pa.StringArray, longest: bool) -> pa.ListArray:
        text = mark(texts)
        spans = self._concepts(_whole_words(self._search(text), text), text)
        return as_lists(self._longest(spans) if longest else spans, text.starts)

    def _longest(self, spans: _Spans) -> _Spans:
        if not len(self._fragments):
            return _longest(spans)
        is_fragment = np.isin(spans.found, self._fragments)
        whole, pieces = spans.take(~is_fragment), spans.take(is_fragment)
        return _longest(_longest(whole).joined(pieces.take(~_hold_any(pieces, whole))))

    def _search(self, text: MarkedText) -> _Spans:
        """Every pattern that stands in the text, and lone letters and digits, which are looked up."""
        spans = search(self._automaton, text.marked)
        alone = np.flatnonzero(text.alone)
        single = self._patterns.single[text.exact[alone]]
        alone, single = alone[single >= 0], single[single >= 0]
        known = spans._replace(found=self._patterns.numbers[spans.found])
        return known.joined(_Spans(alone, alone + 1, single.astype(np.int64)))

    def _concepts(self, spans: _Spans, text: MarkedText) -> _Spans:
        """Of patterns the concepts: more or fewer than there were, where spelling tells."""
        concept = self._patterns.concept[spans.found].astype(np.int64)
        several = np.flatnonzero(concept < 0)
        if not len(several):
            return spans._replace(found=concept)
        unsure = spans.take(several)
        match, meant = spelt_alike(self._patterns, unsure.found, unsure.starts, text.exact)
        sure = spans._replace(found=concept).take(concept >= 0)
        return sure.joined(unsure.take(match)._replace(found=meant.astype(np.int64)))


def search(automaton: BytesAhoCorasick, text: bytes) -> _Spans:
    """All matches, overlapping ones too."""
    matches = automaton.find_matches_as_indexes(text, overlapping=True)
    flat = np.fromiter(itertools.chain.from_iterable(matches), np.int64, 3 * len(matches)).reshape(-1, 3)
    return _Spans(flat[:, 1], flat[:, 2], flat[:, 0])


def as_lists(spans: _Spans, starts: Ints) -> pa.ListArray:
    """What stands in each caption, once, by where it first begins, the longer first; ``starts`` (N+1,) of captions."""
    spans = _in_order(spans)
    caption = np.searchsorted(starts, spans.starts, "right") - 1
    numbers = pa.array(caption * (1 << 32) + spans.found).dictionary_encode().indices.to_numpy()
    is_first = np.diff(np.maximum.accumulate(numbers), prepend=-1) > 0  # numbered as they first come
    offsets = np.searchsorted(caption[is_first], np.arange(len(starts)))
    values = pa.array(spans.found[is_first].astype(np.int32), pa.int32())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _in_order(spans: _Spans) -> _Spans:
    """By where they begin, the longer first; those of one place stay as they are."""
    shortness = _LONGEST_BYTES - np.minimum(spans.ends - spans.starts, _LONGEST_BYTES)
    return spans.take(np.argsort(spans.starts * (_LONGEST_BYTES + 1) + shortness, kind="stable"))


def _whole_words(spans: _Spans, text: MarkedText) -> _Spans:
    spans = spans.take(text.bounds[spans.starts] & text.bounds[spans.ends])
    inside = [is_han_inside(text, places) for places in (spans.starts, spans.ends)]
    if not (inside[0].any() or inside[1].any()):
        return spans
    ends = _han_word_ends(text, np.concatenate([spans.starts[inside[0]], spans.ends[inside[1]]]))
    return spans.take((ends[spans.starts] | ~inside[0]) & (ends[spans.ends] | ~inside[1]))


def _han_word_ends(text: MarkedText, places: Ints) -> NDArray[np.bool_]:
    """(B+1,) where words end in those runs of Han characters that ``places`` lie in; no other run is looked at."""
    han = np.concatenate([[False], text.kinds == HAN, [False]])
    edges = np.flatnonzero(han[1:] != han[:-1])
    begins, ends = edges[::2], edges[1::2]
    found = np.zeros(len(text.kinds) + 1, np.bool_)
    numbers = np.unique(np.searchsorted(begins, places, "right") - 1)
    ranges = zip(begins[numbers].tolist(), ends[numbers].tolist(), strict=True)
    runs = "".join(text.exact[begin:end].tobytes().decode() + "\n" for begin, end in ranges)
    codes = np.frombuffer(runs.encode("utf-32-le"), np.uint32)
    is_between = codes == ord("\n")
    widths = np.where(is_between, 0, 3 + (codes > 0xFFFF))  # bytes: no Han character has two
    starts = np.flatnonzero(np.append(True, is_between[:-1]))
    read = np.cumsum(widths)
    shift = begins[numbers] - (read[starts] - widths[starts])
    last = np.flatnonzero(word_ends(runs)[1:])  # characters that end a word
    found[read[last] + shift[np.searchsorted(starts, last, "right") - 1]] = True
    return found


def _longest(spans: _Spans) -> _Spans:
    """Those that lie within no longer one; of two that overlap, both."""
    spans = _in_order(spans)
    is_new = np.ones(len(spans.starts), np.bool_)
    is_new[1:] = (np.diff(spans.starts) != 0) | (np.diff(spans.ends) != 0)
    ends = spans.ends[is_new]
    reached = np.concatenate([[0], np.maximum.accumulate(ends)[:-1]]) if len(ends) else ends
    return spans.take((ends > reached)[np.cumsum(is_new) - 1])


def _hold_any(spans: _Spans, others: _Spans) -> NDArray[np.bool_]:
    """Which of ``spans`` have one of ``others`` within them."""
    order = np.argsort(others.starts, kind="stable")
    starts, ends = others.starts[order], others.ends[order]
    first_end = np.append(np.minimum.accumulate(ends[::-1])[::-1], np.iinfo(np.int64).max)  # of those from there on
    held: NDArray[np.bool_] = first_end[np.searchsorted(starts, spans.starts)] <= spans.ends
    return held
