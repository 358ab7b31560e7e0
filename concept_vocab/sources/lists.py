"""Lists and tables of one's own as concepts."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from concept_vocab.source_file import SourceFile
from concept_vocab.sources.source import Counted, Entry, Found, Options, Ranked, Source, by_count
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.word_list import parse_word_list
from concept_vocab.wordnet.sense_types import TYPES


class ListSource(Source):
    """A concept a line, or YAML as word lists are written."""

    kind = "list"
    about = "a plain list: text with a concept a line, or YAML with `concepts` and if wanted `types`"
    licence = "of the user"
    url = ""
    thresholds = "none"

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del counted
        entries = []
        for file in files:
            try:
                text = file.read_bytes().decode("utf-8")
            except UnicodeDecodeError as error:
                raise VocabularyError(f"{file.name} is not UTF-8: {error}") from error
            concepts = parse_word_list(text, file.name).table
            named = zip(concepts["name"].to_pylist(), concepts["type"].to_pylist(), strict=True)
            entries += [Entry(name, None, kind) for name, kind in named]
        return Found([Ranked(name, by_count(entries), options.cap)])


class TableSource(Source):
    """CSV or Parquet with a column of names, and where there are any of counts and of types."""

    kind = "table"
    about = "a CSV or Parquet file with a column `text`, and if wanted `count` and `type`"
    licence = "of the user"
    url = ""
    thresholds = "none"
    takes = frozenset(("columns",))

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del counted
        entries = [entry for file in files for entry in _entries(file, options.columns)]
        if not entries:
            raise VocabularyError("holds no concept; a table has one a row")
        return Found([Ranked(name, by_count(entries), options.cap)])


def _entries(file: SourceFile, columns: Mapping[str, str]) -> list[Entry]:
    text = columns.get("text", "text")
    table = _table(file, text)
    wanted = {"text": text, "count": columns.get("count", "count"), "type": columns.get("type", "type")}
    missing = [
        column
        for what, column in wanted.items()
        if column not in table.column_names and (what == "text" or what in columns)
    ]
    if missing:
        raise VocabularyError(
            f"{file.name} has no column {missing[0]!r}; it has {', '.join(table.column_names)}. "
            "Where others hold them, name these as columns: {text: …, count: …, type: …}"
        )
    names = table[text].to_pylist()
    counts, types = (
        table[wanted[one]].to_pylist() if wanted[one] in table.column_names else [None] * len(names)
        for one in ("count", "type")
    )
    entries = []
    for row, (one, count, kind) in enumerate(zip(names, counts, types, strict=True), start=1):
        if not isinstance(one, str):
            raise VocabularyError(f"{file.name}, row {row}: {text} is {one!r}, not text")
        number = _whole(count)
        if count is not None and number is None:
            raise VocabularyError(f"{file.name}, row {row}: {wanted['count']} is {count!r}, not a whole number")
        if kind and kind not in TYPES:
            raise VocabularyError(
                f"{file.name}, row {row}: {wanted['type']} is {kind!r}, not one of {', '.join(TYPES)}"
            )
        entries.append(Entry(one, number, kind or None))
    return entries


def _whole(count: object) -> int | None:
    """A number of 0 or more; a CSV's column is text where any of it is no number. None: it is none."""
    if isinstance(count, str) and count.isdecimal():
        return int(count)
    return count if isinstance(count, int) and count >= 0 else None


def _table(file: SourceFile, text: str) -> pa.Table:
    data = io.BytesIO(file.read_bytes())
    try:
        if file.name.endswith((".parquet", ".pq")):
            return pq.read_table(data)
        # names such as 22, "null" and "NA" are concepts
        options = pa_csv.ConvertOptions(strings_can_be_null=False, column_types={text: pa.string()})
        return pa_csv.read_csv(data, convert_options=options)
    except (pa.ArrowInvalid, OSError) as error:
        raise VocabularyError(f"{file.name} cannot be read as CSV or Parquet: {error}") from error
