"""Captions matched against 500,000 forms, beside the bare automaton: ``python -m tests.benchmarks.bench_matching``.

Forms: 350,000 of drawn syllables (words, and pairs of them), 150,000 of jieba's dictionary. Captions of 14 words, of
which 3 or 12 are forms, in either language. Seconds are the process's own of one core, least of several turns, all
sides in each turn.

Beside it, the same library without us: the same forms spelt as they are, caption by caption, every overlapping match,
parts of words too, as a list of tuples (``bare``); and, as the bound that we cannot pass, one search of our forms in
our own buffer, where words are marked already (``search alone``). Of Chinese neither knows where words end; so there
the bare search stands also with the cut of the same captions by the bare segmenter (``bare with cut``), and that
segmenter beside the first jieba, whose rules it has.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import pathlib
import time
from collections.abc import Callable, Sequence

import jieba
import numpy as np
import psutil
import pyarrow as pa
import rjieba
from ahocorasick_rs import BytesAhoCorasick, Implementation

from concept_vocab.matching.forms import SurfaceForm
from concept_vocab.matching.marked_text import mark, regular
from concept_vocab.matching.matcher import CaptionMatcher
from tests.benchmarks.harness import keep

WORDS_A_CAPTION, HITS = 14, (3, 12)
_ONSETS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "w",
    "z",
    "ch",
    "sh",
    "th",
    "st",
    "tr",
    "pl",
    "br",
    "gr",
    "str",
]
_VOWELS = ["a", "e", "i", "o", "u", "ea", "oo", "ai", "ou", "y"]
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "d", "ng", "ck", "nt", "rd"]


def latin_words(rng: np.random.Generator, count: int) -> list[str]:
    """Different ones, of one to four syllables."""
    found: dict[str, None] = {}
    syllables = [onset + vowel + coda for onset, vowel, coda in itertools.product(_ONSETS, _VOWELS, _CODAS)]
    while len(found) < count:
        sizes, drawn = (
            rng.choice([1, 2, 3, 4], count, p=[0.05, 0.35, 0.4, 0.2]),
            rng.integers(len(syllables), size=4 * count),
        )
        places = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        for start, end in itertools.pairwise(places):
            found["".join(syllables[at] for at in drawn[start:end].tolist())] = None
    return list(found)[:count]


def han_words(rng: np.random.Generator, count: int) -> list[str]:
    lines = (pathlib.Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    words = [line.split(" ")[0] for line in lines]
    words = [word for word in words if len(word) > 1 and all("\u4e00" <= letter <= "\u9fff" for letter in word)]
    return [words[at] for at in rng.permutation(len(words))[:count].tolist()]


def captions_of(
    rng: np.random.Generator, known: Sequence[str], others: Sequence[str], hits: int, count: int, between: str
) -> list[str]:
    """Each of so many ``known`` words and others, in any order."""
    drawn = (
        rng.integers(len(known), size=(count, hits)),
        rng.integers(len(others), size=(count, WORDS_A_CAPTION - hits)),
    )
    places = rng.permuted(np.tile(np.arange(WORDS_A_CAPTION), (count, 1)), axis=1)
    found = []
    for mine, rest, order in zip(drawn[0].tolist(), drawn[1].tolist(), places.tolist(), strict=True):
        words = [known[at] for at in mine] + [others[at] for at in rest]
        found.append(between.join(words[at] for at in order))
    return found


def best_cpu_secs(sides: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Least seconds of this process for each side, all of them in every turn."""
    best: dict[str, float] = {}
    for _ in range(turns):
        for name, side in sides.items():
            gc.collect()
            start = time.process_time()
            side()
            best[name] = min(best.get(name, float("inf")), time.process_time() - start)
    return best


def rss_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=500_000)
    parser.add_argument("--captions", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    latin = latin_words(rng, asked.forms // 2)
    words, unknown = latin[: 2 * asked.forms // 5], latin[2 * asked.forms // 5 :]
    han = han_words(rng, 3 * asked.forms // 10 + 10_000)
    han, han_unknown = han[:-10_000], han[-10_000:]
    pairs = [f"{words[one]} {words[other]}" for one, other in rng.integers(len(words), size=(asked.forms, 2)).tolist()]
    texts = list(dict.fromkeys([*words, *han, *pairs]))[: asked.forms]
    forms = [SurfaceForm(number, text, False) for number, text in enumerate(texts)]

    gc.collect()
    before, start = rss_mb(), time.process_time()
    matcher = CaptionMatcher(forms)
    build_secs = time.process_time() - start
    gc.collect()
    figures: dict[str, float] = {"build_secs": build_secs, "memory_mb": rss_mb() - before}
    start = time.process_time()
    bare = BytesAhoCorasick([text.encode() for text in texts], implementation=Implementation.ContiguousNFA)
    figures["bare_build_secs"] = time.process_time() - start
    for language, known, others, between in (("latin", words, unknown, " "), ("han", han, han_unknown, "")):
        for hits in HITS:
            captions = captions_of(rng, known, others, hits, asked.captions, between)
            measured = measure(matcher, bare, captions, asked.turns, has_words_to_cut=language == "han")
            figures |= {f"{language}_{hits}_{name}": value for name, value in measured.items()}
    keep("matching", forms=len(forms), captions=asked.captions, **figures)


def measure(
    matcher: CaptionMatcher, bare: BytesAhoCorasick, captions: list[str], turns: int, *, has_words_to_cut: bool
) -> dict[str, float]:
    column, encoded = pa.array(captions), [caption.encode() for caption in captions]
    marked = [mark(regular(column.slice(at, 4096))).marked for at in range(0, len(column), 4096)]
    found: dict[str, int] = {}

    def ours() -> None:
        found["ours"] = len(matcher.match(column).flatten())

    def by_caption() -> None:
        found["bare"] = sum(len(bare.find_matches_as_indexes(caption, overlapping=True)) for caption in encoded)

    def alone() -> None:
        for text in marked:
            matcher._automaton.find_matches_as_indexes(text, overlapping=True)

    joined = "\n".join(captions)

    segmenter = rjieba.Jieba()

    def cut() -> None:
        segmenter.cut(joined)

    def first_cut() -> None:
        jieba.lcut(joined)

    ours()  # the segmenter reads its dictionary once
    sides = {"ours": ours, "bare": by_caption, "alone": alone}
    secs = best_cpu_secs(sides | ({"cut": cut, "first_cut": first_cut} if has_words_to_cut else {}), turns)
    count = len(captions)
    of_cut = {}
    if has_words_to_cut:
        of_cut["ratio_to_bare_with_cut"] = (secs["bare"] + secs["cut"]) / secs["ours"]
        of_cut["cut_ratio_to_first_jieba"] = secs["first_cut"] / secs["cut"]
        of_cut["cut_mb_a_second_a_core"] = len(joined.encode()) / 1e6 / secs["cut"]
    return {
        **of_cut,
        "characters_a_caption": sum(map(len, captions)) / count,
        "hits_a_caption": found["ours"] / count,
        "bare_hits_a_caption": found["bare"] / count,
        "captions_a_second_a_core": count / secs["ours"],
        "bare_captions_a_second_a_core": count / secs["bare"],
        "search_alone_captions_a_second_a_core": count / secs["alone"],
        "ratio": secs["bare"] / secs["ours"],
        "ratio_to_search_alone": secs["alone"] / secs["ours"],
    }


if __name__ == "__main__":
    main()
