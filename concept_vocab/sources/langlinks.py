"""Titles that pages of one Wikipedia link to in another, as concepts: the SQL dumps of the table langlinks.

Of enwiki's, the Chinese titles of what the English Wikipedia has a page of. How many languages a page is linked to
tells how widely known its subject is.
"""

from __future__ import annotations

import gzip
import io
import itertools
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from concept_vocab.source_file import SourceFile
from concept_vocab.sources.source import Counted, CountedSource, Entry, Found, Options, Ranked, by_count
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia.bz2_streams import Part

#: A row of https://www.mediawiki.org/wiki/Manual:Langlinks_table: page, language, title, as mysqldump writes it.
_ROW = re.compile(rb"\((\d+),'([^']*)','((?:[^'\\]|\\.)*)'\)")
_INSERT = b"INSERT INTO `langlinks` VALUES "
_TABLE, _END = b"CREATE TABLE `langlinks`", b"-- Dump completed"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SCHEMA = pa.schema([("text", pa.string()), ("count", pa.int64())])
#: Assumed: a subject of three languages is more than a local one.
LEAST_LINKS = 3


class _Link(NamedTuple):
    page: bytes
    language: bytes
    title: bytes


class LangLinkSource(CountedSource):
    """Rows are sorted by page, as mysqldump writes a table by its key; titles of other namespaces have a colon and are
    left out."""

    kind = "langlinks"
    about = (
        "titles in the vocabulary's language that pages of another Wikipedia link to (enwiki-latest-langlinks.sql.gz)"
    )
    licence = "CC BY-SA 4.0 of the dump (https://dumps.wikimedia.org/legal.html); titles are facts"
    url = "https://dumps.wikimedia.org"
    thresholds = f"pages linked to {LEAST_LINKS} languages: assumed, none is published"
    takes = frozenset(("links",))
    keys: ClassVar[Mapping[str, tuple[str, ...]]] = {"titles": ("text",)}

    def parts(self, files: Sequence[SourceFile], part_bytes: int) -> list[Part]:
        del part_bytes  # gzip has one beginning
        return [Part(file, 0, file.size_bytes()) for file in files]

    def count(self, part: Part, options: Options) -> Iterator[tuple[str, pa.Table]]:
        counts: Counter[str] = Counter()
        wanted = options.language.encode()
        with part.file.open_stream() as stream:
            try:
                opened = gzip.GzipFile(fileobj=stream) if part.file.name.endswith(".gz") else io.BufferedReader(stream)
                for _, links in itertools.groupby(_links(opened, part.file.name), lambda link: link.page):
                    page = list(links)
                    for link in page:
                        if link.language == wanted and b":" not in link.title and link.title:
                            counts[_text(link.title)] += len(page)
            except (EOFError, OSError, zlib.error) as error:
                raise VocabularyError(f"{part.file.name} is no gzip, is damaged or is cut short: {error}") from error
        yield "titles", pa.table([list(counts), list(counts.values())], schema=_SCHEMA)

    def least_count(self, kind: str, options: Options) -> int:
        del kind
        return options.links

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del files
        table = counted["titles"].table
        table = table.filter(pc.greater_equal(table["count"], options.links))
        if not table.num_rows:
            raise VocabularyError(
                f"no page with a title in {options.language!r} is linked to {options.links} languages; the dump of "
                "another Wikipedia than that of the language itself is to be named"
            )
        entries = [Entry(row["text"], row["count"]) for row in table.to_pylist()]
        return Found([Ranked(name, by_count(entries), options.cap)])


def _links(stream: Any, name: str) -> Iterator[_Link]:
    """Rows of all its INSERTs. Raises VocabularyError for what is no such dump, or does not end as one does."""
    is_table, last = False, b""
    for line in stream:
        is_table = is_table or line.startswith(_TABLE)
        if line.startswith(_INSERT):
            found = _ROW.findall(line)
            if not found or not line.rstrip().endswith(b");"):
                raise VocabularyError(f"{name} holds a line that is no whole INSERT of langlinks: {line[:80]!r}")
            yield from itertools.starmap(_Link, found)
        if line.strip():
            last = line
    if not is_table:
        raise VocabularyError(f"{name} is no SQL dump of the table langlinks: it does not create it")
    if not last.startswith(_END):
        raise VocabularyError(f"{name} is cut short: it does not end with {_END.decode()!r}. Download it again")


def _text(title: bytes) -> str:
    return _ESCAPED.sub(r"\1", title.decode("utf-8", "replace")).replace("_", " ")
