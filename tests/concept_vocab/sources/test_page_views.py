"""Titles by hourly page views."""

from __future__ import annotations

import gzip
import pathlib

import pytest

from concept_vocab.sources.source import Entry
from concept_vocab.vocabulary import VocabularyError
from tests.concept_vocab.sources.reading import read
from transforms.storage import StoragePath

HOURS = (
    "en Red_fox 60 0\nen Albedo 49 0\nen Talk:Fox 900 0\nde Fuchs 900 0\nen.m Red_fox 900 0\nen Anarchism 69 0\n",
    "en Red_fox 50 0\nen Albedo 900 0\nen Caf%C3%A9 70 0\nen Café 50 0\n",
)


def hours(folder: pathlib.Path, *texts: str) -> list[StoragePath]:
    for number, text in enumerate(texts):
        (folder / f"pageviews-20180419-{number:02d}0000.gz").write_bytes(gzip.compress(text.encode()))
    return StoragePath.of(folder).walk()


def test_hours_with_many_views_are_added_up(tmp_path: pathlib.Path) -> None:
    found = read("page_views", hours(tmp_path, *HOURS)).ranked
    assert found[0].entries == [Entry("Albedo", 900), Entry("Café", 120), Entry("Red fox", 110)]


def test_a_plain_file_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "pageviews").write_text(HOURS[0])
    assert read("page_views", StoragePath.of(tmp_path).walk(), views=60).ranked[0].entries[-1] == Entry("Red fox", 60)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "en.wikipedia Albedo 39 desktop 4 A2B2\n",
            "lines are not, the first b'en.wikipedia Albedo 39 desktop 4 A2B2'",
        ),
        ("", "it is empty"),
        ("en Red_fox 60 0\n" * 98 + "en 1 0\n" * 2, "2 of 100 lines are not"),
    ],
)
def test_files_of_another_format(text: str, says: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError, match="is no file of hourly page views") as raised:
        read("page_views", hours(tmp_path, text))
    assert says in str(raised.value)


def test_a_few_odd_lines_are_passed_over(tmp_path: pathlib.Path) -> None:
    text = "en Red_fox 60 0\n" * 199 + "en  1 0\n"
    assert read("page_views", hours(tmp_path, text)).ranked[0].entries == [Entry("Red fox", 199 * 60)]


def test_damage_and_nothing(tmp_path: pathlib.Path) -> None:
    (path,) = hours(tmp_path, HOURS[0])
    whole = path.read_bytes()
    for data in (whole[:-9], b"no gzip"):
        path.write_bytes(data)
        with pytest.raises(VocabularyError, match="is no gzip, is damaged or is cut short"):
            read("page_views", [path])
    path.write_bytes(whole)
    with pytest.raises(VocabularyError, match="no title of project 'fi' is seen 70 times"):
        read("page_views", [path], project="fi")
