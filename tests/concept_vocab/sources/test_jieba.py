"""jieba's dictionary as entries."""

from __future__ import annotations

import pathlib

import pytest

from concept_vocab.sources.registry import SOURCES
from concept_vocab.sources.source import Entry
from concept_vocab.vocabulary import VocabularyError
from tests.concept_vocab.sources.reading import read
from transforms.storage import StoragePath


def dictionary(folder: pathlib.Path, text: str) -> list[StoragePath]:
    (folder / "dict.txt").write_text(text)
    return StoragePath.of(folder).walk()


def test_words_with_what_their_tags_say(tmp_path: pathlib.Path) -> None:
    files = dictionary(tmp_path, "猫 30 n\n北京 90 ns\n跑 7 v\n")
    (found,) = read("jieba", files, language="zh", cap=9).ranked
    assert found.cap == 9 and found.entries == [
        Entry("北京", 90, "entity", "part of speech", True, True),
        Entry("猫", 30, None, "part of speech", False, True),
        Entry("跑", 7, "action", "part of speech", False, True),
    ]


@pytest.mark.slow
def test_the_installed_dictionary() -> None:
    usual = SOURCES["jieba"].usual_path()
    assert usual is not None
    (found,) = read("jieba", [StoragePath.of(usual)], language="zh").ranked
    assert len(found.entries) > 340_000 and all(entry.count is not None for entry in found.entries)
    assert found.entries[0] == Entry("了", 883634, None, "part of speech", False, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("猫 30\n", "dict.txt, line 1 is '猫 30', and a line of jieba's dictionary is"),
        ("猫 30 n\n狗 many n\n", "line 2"),
        ("", "dict.txt is empty"),
    ],
)
def test_faults(text: str, says: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError) as raised:
        read("jieba", dictionary(tmp_path, text), language="zh")
    assert says in str(raised.value)


def test_other_languages(tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError, match="is Chinese, and the vocabulary's language is en"):
        read("jieba", dictionary(tmp_path, "猫 30 n\n"))
