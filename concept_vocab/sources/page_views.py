"""Titles of pages that many look at, as concepts: the hourly page views that Wikimedia publishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from concept_vocab.sources.source import Options
from concept_vocab.sources.title_counts import TitleSource
from concept_vocab.vocabulary import VocabularyError

#: metaclip/metaclip1/build_metadata.py of https://github.com/facebookresearch/MetaCLIP: hours with 50 views and more
#: count, 70 in all ("estimated"); and the number of titles, https://arxiv.org/abs/2309.16671, table 1.
HOURLY_VIEWS, VIEWS, CAP = 50, 70, 61_235

_COLUMNS = 4  # domain code, title, views, bytes (0 since 2015)
#: https://dumps.wikimedia.org/other/pageviews/readme.html knows lines with an empty title.
_MOST_MALFORMED = 0.01


class PageViewSource(TitleSource):
    """A line is ``en Albedo 12 0``; titles of other namespaces have a colon and are left out."""

    kind = "page_views"
    about = "titles by Wikimedia's hourly page views (pageviews-20180419-000000.gz)"
    licence = "CC0 (https://dumps.wikimedia.org/other/pageviews/readme.html)"
    url = "https://dumps.wikimedia.org/other/pageviews/"
    thresholds = "hours of 50 views, 70 in all, capped at 61,235: MetaCLIP's build_metadata.py and table 1 of its paper"
    takes = frozenset(("titles",))

    def add_titles(self, counts: Counter[str], stream: Any, name: str, options: Options) -> None:
        for title, views in _titles(stream, name, options.project):
            if views >= options.hourly_views:
                counts[title] += views

    def nothing_found(self, options: Options) -> str:
        return (
            f"no title of project {options.project!r} is seen {options.views} times, hours of {options.hourly_views} "
            "and more counted. Name the project as the files do (titles.project), or lower titles.views"
        )

    def least_count(self, kind: str, options: Options) -> int:
        del kind
        return options.views


def _titles(stream: Any, name: str, project: str) -> Iterator[tuple[str, int]]:
    lines = malformed = 0
    first = b""
    for line in stream:
        lines += 1
        columns = line.split()
        if len(columns) != _COLUMNS or not columns[2].isdigit():
            malformed += 1
            first = first or line.strip()[:80]
        elif columns[0] == project.encode() and b":" not in columns[1]:
            # most titles are UTF-8 as it is, some as in an address
            yield unquote(columns[1].decode("utf-8", "replace")).replace("_", " "), int(columns[2])
    if malformed > lines * _MOST_MALFORMED or not lines:
        raise VocabularyError(
            f"{name} is no file of hourly page views, whose lines are a project, a title, views and bytes: "
            + (f"{malformed:,} of {lines:,} lines are not, the first {first!r}" if lines else "it is empty")
        )
