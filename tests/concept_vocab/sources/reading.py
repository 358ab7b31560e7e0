"""Sources read in tests: options as the settings have them by default, and a counted source counted in one piece."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from concept_vocab.sources.registry import SOURCES
from concept_vocab.sources.source import Counted, CountedSource, Found, Options
from concept_vocab.wikipedia.ngrams import Threshold
from transforms.storage import StoragePath

OPTIONS = Options(
    language="en",
    cap=None,
    lemmas="head",
    unigrams=Threshold(100, 0),
    unigram_cap=None,
    bigrams=Threshold(5, 0),
    bigram_cap=None,
    rule="npmi",
    project="en",
    views=70,
    hourly_views=50,
    links=3,
    columns={},
)


def read(kind: str, files: Sequence[StoragePath], **options: Any) -> Found:
    """Options are those above but for the ones given."""
    source, chosen = SOURCES[kind], dataclasses.replace(OPTIONS, **options)
    source.check(chosen)
    counted = {}
    if isinstance(source, CountedSource):
        for name, keys in source.keys.items():
            parts = source.parts(files, 1 << 20)
            tables = [table for part in parts for found, table in source.count(part, chosen) if found == name]
            added = pa.concat_tables(tables).group_by(list(keys)).aggregate([("count", "sum")])
            added = added.rename_columns([*keys, "count"])
            counted[name] = Counted(sum(added["count"].to_pylist()), added)
    return source.read("mine", files, chosen, counted)
