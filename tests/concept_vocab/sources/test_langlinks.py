"""Titles that pages of another Wikipedia link to."""

from __future__ import annotations

import gzip
import pathlib

import pytest

from concept_vocab.sources.source import Entry
from concept_vocab.vocabulary import VocabularyError
from tests.concept_vocab.sources.reading import read
from transforms.storage import StoragePath

#: As https://dumps.wikimedia.org/enwiki/ has it, shortened.
HEAD = """-- MariaDB dump 10.19  Distrib 10.5.23-MariaDB, for debian-linux-gnu (x86_64)
DROP TABLE IF EXISTS `langlinks`;
CREATE TABLE `langlinks` (
  `ll_from` int(8) unsigned NOT NULL DEFAULT 0,
  `ll_lang` varbinary(35) NOT NULL DEFAULT '',
  `ll_title` varbinary(255) NOT NULL DEFAULT '',
  PRIMARY KEY (`ll_from`,`ll_lang`)
) ENGINE=InnoDB DEFAULT CHARSET=binary;
"""
ROWS = (
    "INSERT INTO `langlinks` VALUES (1,'de','Rotfuchs'),(1,'fr','Renard roux'),(1,'zh','赤狐'),(2,'zh','只在本地');\n"
    "INSERT INTO `langlinks` VALUES (3,'de','d\\'Alembert (a),(b)'),(3,'ru','x'),(3,'zh','C:\\\\'),(3,'zh-yue','y'),"
    "(4,'de','a'),(4,'fr','b'),(4,'ja','c'),(4,'zh','皇后_(\\'Queen\\')');\n"
)
TAIL = "-- Dump completed on 2024-05-01 10:00:00\n"


def dumped(folder: pathlib.Path, text: str = HEAD + ROWS + TAIL) -> list[StoragePath]:
    (folder / "enwiki-latest-langlinks.sql.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    return StoragePath.of(folder).walk()


def test_titles_by_how_many_languages_have_the_page(tmp_path: pathlib.Path) -> None:
    (found,) = read("langlinks", dumped(tmp_path), language="zh").ranked
    assert found.entries == [Entry("皇后 ('Queen')", 4), Entry("赤狐", 3)]
    (every,) = read("langlinks", dumped(tmp_path), language="zh", links=1).ranked
    assert Entry("只在本地", 1) in every.entries


def test_a_plain_file_and_another_language(tmp_path: pathlib.Path) -> None:
    (tmp_path / "langlinks.sql").write_text(HEAD + ROWS + TAIL)
    (found,) = read("langlinks", StoragePath.of(tmp_path).walk(), language="de").ranked
    assert [entry.text for entry in found.entries] == ["a", "d'Alembert (a),(b)", "Rotfuchs"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,title\n1,fox\n", "is no SQL dump of the table langlinks"),
        (HEAD + ROWS, "is cut short: it does not end with '-- Dump completed'"),
        (HEAD + ROWS[:60], "is no whole INSERT of langlinks"),
        (HEAD + ROWS.replace("'zh'", "'fi'") + TAIL, "no page with a title in 'zh' is linked to 3 languages"),
    ],
)
def test_faults(text: str, says: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError) as raised:
        read("langlinks", dumped(tmp_path, text), language="zh")
    assert says in str(raised.value)


def test_damage(tmp_path: pathlib.Path) -> None:
    (path,) = dumped(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(VocabularyError, match="is no gzip, is damaged or is cut short"):
        read("langlinks", [path], language="zh")
