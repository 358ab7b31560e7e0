"""A vocabulary of 500,000 concepts from a made dump, and how fast a core counts one: ``python -m
tests.benchmarks.bench_vocabulary``.

The dump is made: words of syllables, most drawn evenly so that each is seen often enough, others by Zipf's law, and
fixed pairs; with the links, templates, references and headings that articles have. What a core counts (read,
parse, cut into words and pairs) is set beside what bounds it, on the same pages and one thread: bz2 decompressed and
nothing else; and beside mwparserfromhell's own tree of nodes, its strip_code, and words counted one by one, which is
how it was done at first. Words that one of both has more often than the other are told. The same on a real excerpt,
where one is named. Megabytes are of XML, decompressed. The whole build then runs through the job, with the caps of the
published list.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import itertools
import os
import pathlib
import re
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import mwparserfromhell
import numpy as np
from mwparserfromhell.nodes import Tag, Template, Wikilink
from rich.console import Console

from concept_vocab.sources.registry import SOURCES
from concept_vocab.sources.source import CountedSource
from concept_vocab.wikipedia.bz2_streams import Part, read_from
from concept_vocab.wikipedia.pages import read_link_namespaces, read_pages
from concept_vocab.wordnet.dictionary import USUAL_FOLDER
from pipelines import build_vocabulary
from pipelines.engine.choice import choose_engine
from pipelines.vocabulary_build_settings import VocabularyBuildSettings
from tests.benchmarks.harness import best_secs, keep
from tests.concept_vocab.wikipedia.tiny_dump import FOOTER, HEADER, page
from transforms.configuration import validate
from transforms.storage import StoragePath
from transforms.vocabularies.files import read_vocabulary
from transforms.vocabularies.settings import VocabularySource

WORDS, PAIRS, TITLES, LISTED = 260_000, 110_000, 65_000, 100_000
WORDS_A_PAGE, PAGES_A_STREAM = 500, 100
TIMES_A_WORD, TIMES_A_PAIR = 5, 5  # at least
MEASURED_PAGES = 500  # of which the rates are measured
MOST_LETTERS = 64  # of a word
WITHOUT_TEXT = frozenset(("ref", "references", "table", "math", "chem", "gallery", "timeline", "syntaxhighlight"))
WITHOUT_TEXT |= {"source", "code", "pre"}
_SYLLABLES = [first + vowel + last for first in "bdfgklmnprstvz" for vowel in "aeiou" for last in ("", "n", "r", "l")]


def make_words(count: int) -> list[str]:
    """Different ones, of two to four syllables."""
    random = np.random.default_rng(1)
    found: dict[str, None] = {}
    while len(found) < count:
        for lengths, parts in zip(
            random.integers(2, 5, count), random.integers(0, len(_SYLLABLES), (count, 4)), strict=True
        ):
            found["".join(_SYLLABLES[part] for part in parts[:lengths])] = None
    return list(found)[:count]


def make_pages(words: list[str]) -> Iterator[str]:
    random = np.random.default_rng(2)
    evenly = np.repeat(np.arange(WORDS), TIMES_A_WORD)
    often = random.zipf(1.3, len(evenly) // 2) % WORDS
    pairs = np.repeat(random.integers(0, WORDS, (PAIRS, 2)), TIMES_A_PAIR, axis=0)
    texts = [words[at] for at in evenly] + [words[at] for at in often]
    texts += [f"{words[first]} {words[second]}" for first, second in pairs]
    order = random.permutation(len(texts))
    for number, start in enumerate(range(0, len(order), WORDS_A_PAGE)):
        yield page(
            f"{words[number % WORDS]} {number}", _article([texts[at] for at in order[start : start + WORDS_A_PAGE]])
        )


def _article(words: list[str]) -> str:
    """A sentence a line of ten words, every third with a link, every fifth with a reference."""
    lines = ["{{Infobox settlement\n| name = one\n| population = 12\n}}"]
    for at in range(0, len(words), 10):
        sentence = words[at : at + 10]
        if at % 30 == 0:
            sentence[0] = f"[[{sentence[0]}|'''{sentence[0]}''']]"
        lines.append(
            " ".join(sentence) + "." + ("<ref>{{cite web|title=x|url=http://a.b}}</ref>" if at % 50 == 0 else "")
        )
        if at % 200 == 190:
            lines.append(f"\n== {sentence[-1]} ==")
    return "\n".join([*lines, "[[Category:Made]]"])


def write_dump(path: pathlib.Path, pages: list[str]) -> None:
    groups = ["".join(pages[at : at + PAGES_A_STREAM]) for at in range(0, len(pages), PAGES_A_STREAM)]
    path.write_bytes(b"".join(bz2.compress(part.encode()) for part in (HEADER, *groups, FOOTER)))


def rates(path: pathlib.Path, name: str) -> dict[str, float]:
    """MB/s of XML on one core."""
    file = StoragePath.of(path)
    part = Part(file, 0, file.size_bytes())
    megabytes = len(bz2.decompress(path.read_bytes())) / 1e6
    source = SOURCES["wikipedia"]
    assert isinstance(source, CountedSource)
    options = validate({"name": "a", "kind": "wikipedia", "path": str(path)}, VocabularySource, "a").options("en")
    namespaces = read_link_namespaces(file)

    def by_tree() -> list[Counter[Any]]:
        return count_one_by_one([seen_by_tree(one.text, namespaces) for one in read_pages(part)])

    def now() -> list[Counter[Any]]:
        tables = dict(source.count(part, options))
        return [Counter(dict(zip(*tables["unigrams"].to_pydict().values(), strict=True)))]

    bare = best_secs(lambda: sum(len(chunk.data) for chunk in read_from(part)))
    ours = best_secs(lambda: list(source.count(part, options)))
    tree = best_secs(by_tree)
    before, after = by_tree()[0], now()[0]
    return {
        f"{name}_megabytes": megabytes,
        f"{name}_counted_mb_a_second_a_core": megabytes / ours,
        f"{name}_bz2_alone_mb_a_second": megabytes / bare,
        f"{name}_by_tree_mb_a_second": megabytes / tree,
        f"{name}_times_by_tree": tree / ours,
        f"{name}_words": after.total(),
        f"{name}_words_more_by_tree": (before - after).total(),
        f"{name}_words_fewer_by_tree": (after - before).total(),
    }


def seen_by_tree(wikitext: str, link_namespaces: frozenset[str]) -> str:
    parsed = mwparserfromhell.parse(wikitext, skip_style_tags=True)
    parsed.nodes = [
        node
        for node in parsed.nodes
        if not isinstance(node, Template)
        and not (isinstance(node, Tag) and str(node.tag).strip().lower() in WITHOUT_TEXT)
        and not (
            isinstance(node, Wikilink) and str(node.title).strip(" :").partition(":")[0].lower() in link_namespaces
        )
    ]
    return str(parsed.strip_code(collapse=False))


def count_one_by_one(texts: list[str]) -> list[Counter[Any]]:
    """Of words, and of pairs."""
    words, pairs = Counter[Any](), Counter[Any]()
    for text in texts:
        for phrase in re.split(r"[^\w'’ -]+", text):
            found = [word for one in phrase.split(" ") if (word := one.strip("'’-_")) and len(word) <= MOST_LETTERS]
            words.update(found)
            pairs.update(itertools.pairwise(found))
    return [words, pairs]


def build(
    folder: pathlib.Path, dump: pathlib.Path, words: list[str], wordnet: str | None, workers: int
) -> dict[str, Any]:
    titles = [f"{words[-number]}_{words[number]}".title() for number in range(1, TITLES)]
    views = "".join(f"en {title} {70 + number % 999} 0\n" for number, title in enumerate(titles))
    (folder / "pageviews-0.gz").write_bytes(gzip.compress(views.encode(), mtime=0))
    listed = {"name": "wordnet", "kind": "wordnet", "path": wordnet, "lemmas": "all"}
    if wordnet is None:
        (folder / "list.txt").write_text("\n".join(f"{word} {word}" for word in words[:LISTED]))
        listed = {"name": "listed", "kind": "list", "path": str(folder / "list.txt")}
    values = {
        "output": str(folder / "out"),
        "sources": [
            listed,
            {"name": "wiki", "kind": "wikipedia", "path": str(dump), "unigrams": {"minimum": 5}},
            {"name": "titles", "kind": "page_views", "path": str(folder / "pageviews-0.gz")},
        ],
        "runner": {"workers": workers},
        "part_bytes": 2 << 20,
    }
    settings = validate(values, VocabularyBuildSettings, "a benchmark")
    start = time.perf_counter()
    build_vocabulary.run(settings, choose_engine(settings.runner), Console(file=io.StringIO()))
    secs = time.perf_counter() - start
    vocabulary = read_vocabulary(StoragePath.of(folder / "out"))
    return {
        "concepts": len(vocabulary),
        "new_concepts": vocabulary.about["new_concepts"],
        "over_cap": vocabulary.about["over_cap"],
        "build_secs": secs,
        "workers": workers,
        "driver_peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "largest_worker_peak_gb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--wordnet", default=USUAL_FOLDER if pathlib.Path(USUAL_FOLDER).is_dir() else None)
    parser.add_argument("--excerpt", type=pathlib.Path, help="a real dump, bz2, of a few megabytes")
    parser.add_argument("--rates-only", action="store_true", help="count some pages, and build nothing")
    parser.add_argument("--machine", default="quiet", help="what else runs: kept with the figures")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-vocabulary-"))
    try:
        words = make_words(WORDS)
        pages = list(make_pages(words))
        write_dump(folder / "some.xml.bz2", pages[:MEASURED_PAGES])
        measured: dict[str, Any] = rates(folder / "some.xml.bz2", "made")
        if arguments.excerpt:
            measured |= rates(arguments.excerpt, "real")
        keep("vocabulary_counting", machine=arguments.machine, **measured)
        if arguments.rates_only:
            return
        write_dump(folder / "dump.xml.bz2", pages)
        dump_megabytes = sum(map(len, pages)) / 1e6
        del pages
        built = build(folder, folder / "dump.xml.bz2", words, arguments.wordnet, arguments.workers)
        keep("vocabulary_build", machine=arguments.machine, dump_megabytes=dump_megabytes, **built)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
