"""Titles that pages of one Wikipedia link to in another, as concepts: the SQL dumps of the table langlinks.

Of enwiki's, the Chinese titles of what the English Wikipedia has a page of. How many languages a page is linked to
tells how widely known its subject is.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from concept_vocab.sources.source import Options
from concept_vocab.sources.title_counts import TitleSource
from concept_vocab.vocabulary import VocabularyError

#: A row of https://www.mediawiki.org/wiki/Manual:Langlinks_table: page, language, title, as mysqldump writes it.
_ROW = re.compile(rb"\((\d+),'([^']*)','((?:[^'\\]|\\.)*)'\)")
_INSERT = b"INSERT INTO `langlinks` VALUES "
_TABLE, _END = b"CREATE TABLE `langlinks`", b"-- Dump completed"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
#: Assumed: a subject of three languages is more than a local one.
LEAST_LINKS = 3


class _Link(NamedTuple):
    page: bytes
    language: bytes
    title: bytes


class LangLinkSource(TitleSource):
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

    def add_titles(self, counts: Counter[str], stream: Any, name: str, options: Options) -> None:
        wanted = options.language.encode()
        for _, links in itertools.groupby(_links(stream, name), lambda link: link.page):
            page = list(links)
            for link in page:
                if link.language == wanted and b":" not in link.title and link.title:
                    counts[_text(link.title)] += len(page)

    def nothing_found(self, options: Options) -> str:
        return (
            f"no page with a title in {options.language!r} is linked to {options.links} languages; the dump of another "
            "Wikipedia than that of the language itself is to be named"
        )

    def least_count(self, kind: str, options: Options) -> int:
        del kind
        return options.links


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
