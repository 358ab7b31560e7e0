"""What sources of titles have in common: a dump, in gzip or plain, is counted whole, and the commonest are kept."""

from __future__ import annotations

import gzip
import io
import zlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from concept_vocab.source_file import SourceFile
from concept_vocab.sources.source import Counted, CountedSource, Entry, Found, Options, Ranked, by_count
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia.bz2_streams import Part

_TITLES = "titles"
_SCHEMA = pa.schema([("text", pa.string()), ("count", pa.int64())])


class TitleSource(CountedSource):
    """``add_titles`` and ``nothing_found`` are a source's own, and ``least_count``."""

    keys: ClassVar[Mapping[str, tuple[str, ...]]] = {_TITLES: ("text",)}

    @abstractmethod
    def add_titles(self, counts: Counter[str], stream: IO[bytes] | Any, name: str, options: Options) -> None:
        """Counts the titles of a dump into ``counts``; raises VocabularyError, naming it, for one of another format."""

    @abstractmethod
    def nothing_found(self, options: Options) -> str:
        """What is said where no title is counted often enough."""

    def parts(self, files: Sequence[SourceFile], part_bytes: int) -> list[Part]:
        del part_bytes  # gzip has one beginning
        return [Part(file, 0, file.size_bytes()) for file in files]

    def count(self, part: Part, options: Options) -> Iterator[tuple[str, pa.Table]]:
        counts: Counter[str] = Counter()
        is_gzip = part.file.name.endswith(".gz")
        with part.file.open_stream() as stream:
            try:
                opened = gzip.GzipFile(fileobj=stream) if is_gzip else io.BufferedReader(stream)
                self.add_titles(counts, opened, part.file.name, options)
            except (EOFError, OSError, zlib.error) as error:
                raise VocabularyError(
                    f"{part.file.name} is no gzip, is damaged or is cut short: {error}. Download it again"
                ) from error
        yield _TITLES, pa.table([list(counts), list(counts.values())], schema=_SCHEMA)

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del files
        table = counted[_TITLES].table
        table = table.filter(pc.greater_equal(table["count"], self.least_count(_TITLES, options)))
        if not table.num_rows:
            raise VocabularyError(self.nothing_found(options))
        entries = [Entry(row["text"], row["count"]) for row in table.to_pylist()]
        return Found([Ranked(name, by_count(entries), options.cap)])
