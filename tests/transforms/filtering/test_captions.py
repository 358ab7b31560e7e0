"""Measures of captions, against Python's own."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.filtering.captions import count_characters, count_words, is_unspaced, letter_share

CAPTIONS = ["two cats", "  two\tcats \n", "", " ", "狗在 跑", "été 2019!", "हिन्दी", "!!!", None]


def test_words_and_characters() -> None:
    column = pa.array(CAPTIONS)
    assert count_words(column).to_pylist() == [2, 2, 0, 0, 2, 2, 1, 1, None]
    assert count_characters(column).to_pylist() == [8, 8, 0, 0, 4, 9, 6, 3, None]


def test_letters_and_their_marks_are_letters() -> None:
    assert letter_share(pa.array(CAPTIONS)).to_pylist() == [1, 1, 0, 0, 1, 3 / 8, 1, 0, None]


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("aé狗क् \t\u3000\u00a01.-_"), max_size=12), max_size=5))
def test_any_caption_is_measured_as_python_measures_it(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    assert count_words(column).to_pylist() == [len(text.split()) for text in texts]
    assert count_characters(column).to_pylist() == [len(text.strip()) for text in texts]
    for text, share in zip(texts, letter_share(column).to_pylist(), strict=True):
        shown = [character for character in text if not character.isspace()]
        letters = sum(unicodedata.category(character)[0] in "LM" for character in shown)
        assert share == letters / max(len(shown), 1)


def test_what_is_written_without_spaces() -> None:
    captions = pa.array(["a cat", "狗", "狗 and cat", "狗", "แมว", "a cat", None, "12"])
    langs = pa.array(["zh", "zh", "en", "und", "und", "und", "und", "und"])
    assert is_unspaced(captions, langs).to_pylist() == [True, True, False, True, True, False, False, False]
