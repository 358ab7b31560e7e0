"""Words and pairs of words of Wikipedia's articles as concepts."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from concept_vocab.languages.segmenters import SEGMENTERS, check_language
from concept_vocab.source_file import SourceFile
from concept_vocab.sources.source import Counted, CountedSource, Entry, Found, Options, Ranked
from concept_vocab.wikipedia.bz2_streams import Part, cut
from concept_vocab.wikipedia.ngrams import NgramCounts, choose_bigrams, choose_unigrams
from concept_vocab.wikipedia.pages import read_link_namespaces, read_pages
from concept_vocab.wikipedia.words import WordCounts

_MOST_HELD = 2_000_000  # words and pairs counted before they are handed on: 0.5 GB

#: https://arxiv.org/abs/2309.16671, table 1: unigrams seen 100 times, bigrams by PMI.
UNIGRAM_MINIMUM, UNIGRAM_CAP, BIGRAM_CAP = 100, 251_465, 100_646

_INFOBOXES = pa.schema([("title", pa.string()), ("infobox", pa.string()), ("count", pa.int64())])


class WikipediaSource(CountedSource):
    """Counted on the text that readers see, spelt as it stands there."""

    kind = "wikipedia"
    about = "words and pairs of words of a pages-articles dump (bz2, one stream or many; one file or several)"
    licence = "CC BY-SA 4.0 of the texts (https://dumps.wikimedia.org/legal.html); counts of words are facts"
    url = "https://dumps.wikimedia.org"
    thresholds = (
        "unigrams seen 100 times, capped at 251,465, bigrams capped at 100,646: https://arxiv.org/abs/2309.16671, "
        "table 1; bigrams ranked by normalised PMI (Bouma 2009)"
    )
    takes = frozenset(("unigrams", "bigrams"))
    keys: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "unigrams": ("text",),
        "bigrams": ("first", "second"),
        "infoboxes": ("title", "infobox"),
    }

    def check(self, options: Options) -> None:
        check_language(options.language)

    def parts(self, files: Sequence[SourceFile], part_bytes: int) -> list[Part]:
        return [part for file in files for part in cut(file, part_bytes)]

    def count(self, part: Part, options: Options) -> Iterator[tuple[str, pa.Table]]:
        from concept_vocab.wikipedia.wikitext import infobox_of, plain_text  # only who counts a dump needs its parser

        namespaces = _link_namespaces(part.file)
        counts, infoboxes = WordCounts(options.language), list[tuple[str, str]]()
        for page in read_pages(part):
            if box := infobox_of(page.text):
                infoboxes.append((page.title, box))
            counts.add(plain_text(page.text, namespaces))
            if len(counts) > _MOST_HELD:
                yield from _tables(counts)
                counts = WordCounts(options.language)
        yield from _tables(counts)
        titles, boxes = zip(*infoboxes, strict=True) if infoboxes else ((), ())
        yield "infoboxes", pa.table([titles, boxes, [1] * len(titles)], schema=_INFOBOXES)

    def least_count(self, kind: str, options: Options) -> int:
        if options.rule == "metaclip" or kind == "infoboxes":
            return 1
        least_pair = options.bigrams.minimum
        return least_pair if kind == "bigrams" else min(least_pair, options.unigrams.minimum)

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del files
        words = counted["unigrams"]
        counts = NgramCounts(words.total, words.table, counted["bigrams"].table)
        ranked = []
        if options.unigram_cap != 0:
            ranked.append(
                Ranked(f"{name}_unigrams", _entries(choose_unigrams(counts, options.unigrams)), options.unigram_cap)
            )
        if options.bigram_cap != 0:
            chosen = choose_bigrams(counts, options.rule, options.bigrams, options.language not in SEGMENTERS)
            ranked.append(Ranked(f"{name}_bigrams", _entries(chosen, "score"), options.bigram_cap))
        return Found(ranked, infoboxes=counted["infoboxes"].table)


@functools.lru_cache(maxsize=64)
def _link_namespaces(file: SourceFile) -> frozenset[str]:
    return read_link_namespaces(file)


def _tables(counts: WordCounts) -> Iterator[tuple[str, pa.Table]]:
    yield from zip(("unigrams", "bigrams"), counts.tables(), strict=True)


def _entries(table: pa.Table, *first_keys: str) -> list[Entry]:
    order = [(key, "descending") for key in (*first_keys, "count")] + [("text", "ascending")]
    ordered = table.take(pc.sort_indices(table, sort_keys=order))
    return [
        Entry(text, count) for text, count in zip(*(ordered[key].to_pylist() for key in ("text", "count")), strict=True)
    ]
