"""Every article is read once, in whatever parts a dump is read, and a dump that is not whole is an error."""

from __future__ import annotations

import bz2
import pathlib

import pytest

from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia import bz2_streams
from concept_vocab.wikipedia.bz2_streams import Part, cut
from concept_vocab.wikipedia.pages import read_link_namespaces, read_pages
from tests.concept_vocab.wikipedia.tiny_dump import FOOTER, HEADER, cut_anywhere, multistream, page, single, write
from transforms.storage import StoragePath

ARTICLES = [page(f"Page {number}", f"Text {number} " + "läuft " * (number % 7)) for number in range(23)]
OTHERS = [page("Talk:x", "chatter", ns=1), page("Old", "#REDIRECT [[New]]", redirect="New"), page("Empty", "")]
TITLES = [f"Page {number}" for number in range(23)]


def titles(data: bytes, part_bytes: int, folder: pathlib.Path) -> list[str]:
    file = StoragePath.of(write(folder / "dump.xml.bz2", data))
    return [found.title for part in cut(file, part_bytes) for found in read_pages(part)]


@pytest.mark.parametrize("part_bytes", [1 << 30, 500, 100, 37, 7])
@pytest.mark.parametrize("data", [multistream(ARTICLES + OTHERS), single(ARTICLES + OTHERS)], ids=["many", "one"])
def test_each_article_once(data: bytes, part_bytes: int, tmp_path: pathlib.Path) -> None:
    assert titles(data, part_bytes, tmp_path) == TITLES


@pytest.mark.parametrize("stream_bytes", [1000, 333, 90, 11, 3])
@pytest.mark.parametrize("part_bytes", [1 << 30, 400, 60])
def test_pages_that_reach_over_streams(stream_bytes: int, part_bytes: int, tmp_path: pathlib.Path) -> None:
    assert titles(cut_anywhere(ARTICLES, stream_bytes), part_bytes, tmp_path) == TITLES


def test_a_stream_that_begins_where_a_read_ends(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for read_bytes in (1, 11, 64):
        monkeypatch.setattr(bz2_streams, "_READ_BYTES", read_bytes)
        assert titles(multistream(ARTICLES), 150, tmp_path) == TITLES


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (single(ARTICLES)[:-9], "dump.xml.bz2 is cut short: the stream of bz2 that begins at byte 0"),
        (multistream(ARTICLES)[:-9], "dump.xml.bz2 is cut short: the stream"),
        (multistream(ARTICLES)[: -len(bz2.compress(FOOTER.encode()))], "does not end with </mediawiki>"),
        (b"<mediawiki>", "is no bz2"),
        (b"junk" + single(ARTICLES), "is no bz2"),
        (single(ARTICLES)[:60] + b"\0\0\0\0" + single(ARTICLES)[64:], "damaged"),
        (single(ARTICLES) + b"more", "damaged"),
        (bz2.compress((HEADER + "<page><title></page>" + FOOTER).encode()), "a page that is not XML"),
    ],
)
def test_a_dump_that_is_not_whole(data: bytes, says: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError, match=says):
        titles(data, 1 << 30, tmp_path)


def test_namespaces_of_links(tmp_path: pathlib.Path) -> None:
    file = StoragePath.of(write(tmp_path / "a.bz2", single(ARTICLES)))
    assert read_link_namespaces(file) == {"file", "image", "category", "datei", "kategorie"}
    other = StoragePath.of(write(tmp_path / "b.bz2", bz2.compress(b"some text")))
    with pytest.raises(VocabularyError, match=r"b\.bz2 does not begin as a MediaWiki dump"):
        read_link_namespaces(other)


def test_an_empty_file_has_no_part(tmp_path: pathlib.Path) -> None:
    file = StoragePath.of(write(tmp_path / "a.bz2", b""))
    assert cut(file, 10) == []
    assert list(read_pages(Part(file, 0, 0))) == []
