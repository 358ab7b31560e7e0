"""Titles of pages that many look at, as concepts: the hourly page views that Wikimedia publishes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from concept_vocab.source_file import SourceFile
from concept_vocab.sources.source import Counted, CountedSource, Entry, Found, Options, Ranked, by_count
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia.bz2_streams import Part

#: metaclip/metaclip1/build_metadata.py of https://github.com/facebookresearch/MetaCLIP: hours with 50 views and more
#: count, 70 in all ("estimated"); and the number of titles, https://arxiv.org/abs/2309.16671, table 1.
HOURLY_VIEWS, VIEWS, CAP = 50, 70, 61_235

_SCHEMA = pa.schema([("text", pa.string()), ("count", pa.int64())])
_COLUMNS = 4  # domain code, title, views, bytes (0 since 2015)
#: https://dumps.wikimedia.org/other/pageviews/readme.html knows lines with an empty title.
_MOST_MALFORMED = 0.01


class PageViewSource(CountedSource):
    """A line is ``en Albedo 12 0``; titles of other namespaces have a colon and are left out."""

    kind = "page_views"
    about = "titles by Wikimedia's hourly page views (pageviews-20180419-000000.gz)"
    licence = "CC0 (https://dumps.wikimedia.org/other/pageviews/readme.html)"
    url = "https://dumps.wikimedia.org/other/pageviews/"
    thresholds = "hours of 50 views, 70 in all, capped at 61,235: MetaCLIP's build_metadata.py and table 1 of its paper"
    takes = frozenset(("titles",))
    keys: ClassVar[Mapping[str, tuple[str, ...]]] = {"titles": ("text",)}

    def parts(self, files: Sequence[SourceFile], part_bytes: int) -> list[Part]:
        del part_bytes  # gzip has one beginning
        return [Part(file, 0, file.size_bytes()) for file in files]

    def count(self, part: Part, options: Options) -> Iterator[tuple[str, pa.Table]]:
        counts: Counter[str] = Counter()
        is_gzip = part.file.name.endswith(".gz")
        with part.file.open_stream() as stream:
            try:
                opened = gzip.GzipFile(fileobj=stream) if is_gzip else io.BufferedReader(stream)
                for title, views in _titles(opened, part.file.name, options.project):
                    if views >= options.hourly_views:
                        counts[title] += views
            except (EOFError, OSError, zlib.error) as error:
                raise VocabularyError(f"{part.file.name} is no gzip, is damaged or is cut short: {error}") from error
        yield "titles", pa.table([list(counts), list(counts.values())], schema=_SCHEMA)

    def least_count(self, kind: str, options: Options) -> int:
        del kind
        return options.views

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del files
        table = counted["titles"].table
        table = table.filter(pc.greater_equal(table["count"], options.views))
        if not table.num_rows:
            raise VocabularyError(
                f"no title of project {options.project!r} is seen {options.views} times, hours of "
                f"{options.hourly_views} and more counted"
            )
        entries = [Entry(row["text"], row["count"]) for row in table.to_pylist()]
        return Found([Ranked(name, by_count(entries), options.cap)])


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
