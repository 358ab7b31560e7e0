"""Runs cut side by side are cut as each alone, and as the first jieba cuts them."""

from __future__ import annotations

import functools
import itertools
import random
from typing import Any

import jieba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concept_vocab.matching.han_words import word_ends
from tests.concept_vocab.matching.naive import jieba_ends

#: Of the dictionary, at the ends of what it holds and beyond it, and those that are words with most others.
LETTERS = (
    "的一是不了人我在有他这中来上大为和国地到以说时要就出会可也你对生能子那得于着下" + "\u4e00\u9fd5\u9fd6㐀々〇𠀀"
)


@functools.cache
def peer() -> Any:
    """The first jieba; its own start would keep tables in the shared folder for temporary files."""
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


def words() -> list[str]:
    return [word for word in itertools.islice(peer().FREQ, 0, None, 37) if word.isalpha() and word > "z"]


def ends(runs: list[str]) -> list[list[int]]:
    found = np.flatnonzero(word_ends("".join(run + "\n" for run in runs)))
    starts = np.cumsum([0, *(len(run) + 1 for run in runs)]).tolist()
    return [(found[(found > start) & (found < after)] - start).tolist() for start, after in itertools.pairwise(starts)]


@given(st.lists(st.text(st.sampled_from(LETTERS), min_size=1, max_size=20), max_size=6))
def test_of_any_characters(runs: list[str]) -> None:
    assert ends(runs) == [jieba_ends(run) for run in runs]


@pytest.mark.slow
@pytest.mark.parametrize("known", [1.0, 0.7])
def test_of_words(known: float) -> None:
    """Names among them, which its model joins, and pieces of words."""
    drawn, some = random.Random(0), words()
    runs = []
    for _ in range(500):
        parts = (drawn.choice(some) for _ in range(drawn.randint(1, 15)))
        runs.append("".join(part if drawn.random() < known else part[:1] for part in parts))
    runs = ["".join(letter for letter in run if "\u4e00" <= letter <= "\u9fd5") for run in runs]
    found = ends(runs)
    assert found == [jieba_ends(run) for run in runs]
    assert found == [list(itertools.accumulate(map(len, peer().lcut(run)))) for run in runs]
