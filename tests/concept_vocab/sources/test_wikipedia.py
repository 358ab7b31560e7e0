"""A dump's words and pairs as entries."""

from __future__ import annotations

import pathlib

import pytest

from concept_vocab.sources.source import Entry
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia.ngrams import Threshold
from tests.concept_vocab.sources.reading import read
from tests.concept_vocab.wikipedia.tiny_dump import multistream, page, write
from transforms.storage import StoragePath

pytest.importorskip("mwparserfromhell")

PAGES = [
    page(f"Fox {number}", "The '''red fox'''. A [[Foxes|red fox]]. Hong Kong. {{cite|red}}") for number in range(5)
]


def dump(folder: pathlib.Path) -> list[StoragePath]:
    return [StoragePath.of(write(folder / "dump.bz2", multistream(PAGES)))]


def test_words_by_count_and_pairs_by_how_much_they_belong_together(tmp_path: pathlib.Path) -> None:
    unigrams, bigrams = read("wikipedia", dump(tmp_path), unigrams=Threshold(6, 0), bigram_cap=1).ranked
    assert (unigrams.source, bigrams.source, bigrams.cap) == ("mine_unigrams", "mine_bigrams", 1)
    assert unigrams.entries == [Entry("fox", 10), Entry("red", 10)]
    assert [entry.text for entry in bigrams.entries] == ["red fox", "Hong Kong", "A red", "The red"]


def test_a_cap_of_none_of_them(tmp_path: pathlib.Path) -> None:
    assert [one.source for one in read("wikipedia", dump(tmp_path), unigram_cap=0).ranked] == ["mine_bigrams"]


def test_thresholds_that_nothing_reaches(tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError, match="the commonest is seen 10 times"):
        read("wikipedia", dump(tmp_path))
    with pytest.raises(VocabularyError, match="the largest here is"):
        read("wikipedia", dump(tmp_path), unigram_cap=0, rule="metaclip")


def test_chinese_is_cut_into_words_of_one_script(tmp_path: pathlib.Path) -> None:
    texts = ["'''赤狐'''（學名）。北京[[清華大學]]在New York。", "北京清华大学，New York。"] * 2
    data = multistream([page(f"頁 {number}", text) for number, text in enumerate(texts)])
    files = [StoragePath.of(write(tmp_path / "zh.bz2", data))]
    unigrams, bigrams = read(
        "wikipedia", files, language="zh", unigrams=Threshold(4, 0), bigrams=Threshold(4, 0)
    ).ranked
    assert {entry.text: entry.count for entry in unigrams.entries} == {"北京": 4, "清华大学": 4, "New": 4, "York": 4}
    assert {entry.text for entry in bigrams.entries} == {"北京清华大学", "New York"}


def test_a_language_without_spaces_or_segmenter(tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError, match="th is written without spaces between words, and there is no segmenter"):
        read("wikipedia", dump(tmp_path), language="th")
