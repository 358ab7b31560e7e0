"""Captions matched as MetaCLIP matches them: an entry is named by a caption that holds it with spaces around it.

The rules are those of metaclip/metaclip1/substr_matching.py (https://github.com/facebookresearch/MetaCLIP), whose scan
of half a million entries for each caption is an automaton here. Unlike :mod:`concept_vocab.matching.matcher` it takes
case as it stands, knows names and no other spellings, finds no entry that holds one of the marks that it sets apart
("U.S."), and tells words by spaces alone: in "(dog)" and "dog's" it finds none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ahocorasick_rs import BytesAhoCorasick, Implementation

from concept_vocab.matching.marked_text import joined
from concept_vocab.matching.matcher import CAPTIONS_AT_ONCE, as_lists, search
from concept_vocab.vocabulary import VocabularyError

_SET_APART = "([,.;:?!`])"
_SPACES = r"[\t\n\r]"


class MetaclipMatcher:
    """Entries are numbered by their place in the list, as MetaCLIP numbers them."""

    def __init__(self, entries: Sequence[str]) -> None:
        """Raises VocabularyError for a list without entries."""
        if not entries:
            raise VocabularyError("there is no entry to match: the vocabulary is empty")
        possible = [number for number, entry in enumerate(entries) if not re.search(_SPACES, entry)]
        padded = [f" {entries[number]} ".encode() for number in possible]
        self._numbers = np.array(possible, np.int64)
        self._automaton = BytesAhoCorasick(padded, implementation=Implementation.ContiguousNFA)

    def match(self, captions: pa.StringArray | Sequence[str | None]) -> pa.ListArray:
        """Captions → list<int32>: the entries that each holds, once, in the order in which they begin."""
        texts = captions if isinstance(captions, pa.StringArray) else pa.array(captions, pa.string())
        found = []
        for start in range(0, len(texts), CAPTIONS_AT_ONCE):
            data, starts = joined(_spaced(texts.slice(start, CAPTIONS_AT_ONCE)))
            spans = search(self._automaton, data)
            found.append(as_lists(spans._replace(found=self._numbers[spans.found]), starts))
        return pa.concat_arrays(found) if found else pa.array([], pa.list_(pa.int32()))


def _spaced(texts: pa.StringArray) -> pa.StringArray:
    texts = pc.replace_substring_regex(pc.fill_null(texts, ""), _SPACES, " ")
    texts = pc.replace_substring_regex(texts, _SET_APART, r" \1 ")
    return pc.binary_join_element_wise(" ", texts, " ", "")
