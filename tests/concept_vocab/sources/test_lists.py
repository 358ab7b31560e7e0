"""Lists and tables of one's own."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from concept_vocab.sources.source import Entry
from concept_vocab.vocabulary import VocabularyError
from tests.concept_vocab.sources.reading import read
from transforms.storage import StoragePath


def test_lists_in_any_order(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.txt").write_text("# birds\nhen\nDuck\n")
    (tmp_path / "b.yaml").write_text("concepts: [ant]\n")
    files = StoragePath.of(tmp_path).walk()
    found = read("list", files).ranked
    assert found == read("list", files[::-1]).ranked
    assert found[0].entries == [Entry("Duck"), Entry("ant"), Entry("hen")]


def test_csv_and_parquet(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text("text,count,type\nhen,3,entity\nNA,7,\n22,5,text\n")
    pq.write_table(pa.table({"name": ["ant"]}), tmp_path / "b.parquet")
    csv, parquet = StoragePath.of(tmp_path).walk()
    assert read("table", [csv]).ranked[0].entries == [Entry("NA", 7), Entry("22", 5, "text"), Entry("hen", 3, "entity")]
    assert read("table", [parquet], columns={"text": "name"}).ranked[0].entries == [Entry("ant")]


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("name\nhen\n", {}, "a.csv has no column 'text'; it has name"),
        ("text\nhen\n", {"count": "n"}, "a.csv has no column 'n'"),
        ("text,count\nhen,-1\n", {}, "row 1: count is -1, not a whole number"),
        ("text,count\nhen,3\nduck,many\n", {}, "row 2: count is 'many', not a whole number"),
        ("text,type\nhen,bird\n", {}, "row 1: type is 'bird', not one of entity"),
        ("text\n", {}, "holds no concept"),
        ("text,count\nhen\n", {}, "a.csv cannot be read as CSV"),
    ],
)
def test_faults(text: str, columns: dict[str, str], says: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(VocabularyError) as raised:
        read("table", StoragePath.of(tmp_path).walk(), columns=columns)
    assert says in str(raised.value)


def test_names_that_are_no_text(tmp_path: pathlib.Path) -> None:
    pq.write_table(pa.table({"text": [12]}), tmp_path / "a.parquet")
    with pytest.raises(VocabularyError, match=r"a\.parquet, row 1: text is 12, not text"):
        read("table", StoragePath.of(tmp_path).walk())


def test_lists_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff")
    with pytest.raises(VocabularyError, match=r"a\.txt is not UTF-8"):
        read("list", StoragePath.of(tmp_path).walk())
    (tmp_path / "a.txt").write_text("# nothing\n")
    with pytest.raises(VocabularyError, match=r"a\.txt holds no concept"):
        read("list", StoragePath.of(tmp_path).walk())
