"""Words of languages with and without spaces."""

from __future__ import annotations

import pathlib
import tempfile

import pytest

from concept_vocab.languages.segmenters import SEGMENTERS, UNSPACED, jieba_dictionary, words_of
from concept_vocab.vocabulary import VocabularyError


def test_chinese_in_either_script() -> None:
    assert words_of("我来到北京清华大学", "zh") == ["我", "来到", "北京", "清华大学"]
    assert words_of("我來到北京清華大學 iPhone 6", "zh") == ["我", "来到", "北京", "清华大学", "iPhone", "6"]


def test_the_segmenter_leaves_nothing_in_the_shared_folder(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concept_vocab.languages import segmenters

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    segmenters.jieba.cache_clear()
    assert words_of("红色的狐狸", "zh") == ["红色", "的", "狐狸"]
    assert not list(tmp_path.iterdir())


def test_spaces() -> None:
    assert words_of("the red fox", "en") == ["the", "red", "fox"]


@pytest.mark.parametrize("language", sorted(UNSPACED - SEGMENTERS.keys()))
def test_languages_without_a_segmenter(language: str) -> None:
    with pytest.raises(VocabularyError, match=rf"{language} is written without spaces between words.*one for zh"):
        words_of("x", language)


def test_where_the_dictionary_is() -> None:
    assert pathlib.Path(jieba_dictionary()).is_file()
