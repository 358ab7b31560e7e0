"""The rules, each with its reason, the columns that it reads, and which rows it drops, for a whole shard at once.

Shape legend: N rows of a shard, R rules.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.filtering.blocked_words import BlockedWords
from transforms.filtering.captions import count_characters, count_words, is_unspaced, letter_share
from transforms.filtering.common_captions import caption_hashes
from transforms.filtering.expression import parse_expression
from transforms.filtering.settings import FilterSettings
from transforms.rejects import Reason

#: The values of one row, by column.
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """``drops`` gives (N,) bool of a table's rows, null where it has nothing to say; ``detail`` is told of one."""

    setting: str  # whose value it is
    reason: Reason
    columns: tuple[str, ...]
    drops: Callable[[pa.Table], pa.Array]
    detail: Callable[[Row], str]


def rules_of(
    settings: FilterSettings, blocked: Sequence[str] = (), common: NDArray[np.uint64] | None = None
) -> tuple[Rule, ...]:
    """Those that are on, in the order in which they are asked.

    ``blocked`` is what the list of blocked words holds; ``common`` the hashes of captions that are too common, None
    where they are not yet counted.
    """
    one_by_one = (_sides(settings), _lengths(settings), _languages(settings), _letters(settings))
    rules = [rule for group in one_by_one for rule in group]
    if settings.blocked_words is not None:
        rules.append(_blocked(blocked))
    rules += [*_similarity(settings), *_expression(settings)]
    if settings.max_caption_images is not None and common is not None:
        rules.append(_common(settings.max_caption_images, common))
    return tuple(rules)


def dropped(rules: Sequence[Rule], table: pa.Table) -> NDArray[np.bool_]:
    """(R, N) which rule drops which row."""
    columns = {name: _column(table, name) for name in table.column_names}
    rows = pa.table(columns)
    masks = np.zeros((len(rules), len(table)), dtype=bool)
    for number, rule in enumerate(rules):
        masks[number] = pc.fill_null(rule.drops(rows), False).to_numpy(zero_copy_only=False)
    return masks


def columns_of(rules: Sequence[Rule]) -> list[str]:
    """What has to be read for them, each column once."""
    return sorted({name for rule in rules for name in rule.columns})


def _column(table: pa.Table, name: str) -> pa.Array:
    return table[name].combine_chunks()


def _sides(settings: FilterSettings) -> list[Rule]:
    least, most = settings.min_side, settings.max_aspect_ratio

    def shorter(table: pa.Table) -> pa.Array:
        return pc.min_element_wise(_column(table, "width"), _column(table, "height"))

    def ratio(table: pa.Table) -> pa.Array:
        longer = pc.max_element_wise(_column(table, "width"), _column(table, "height"))
        return pc.divide(longer.cast(pa.float64()), shorter(table).cast(pa.float64()))

    def size(row: Row) -> str:
        return f"{row['width']} x {row['height']} pixels"

    rules = []
    if least is not None:
        rules.append(
            Rule(
                "min_side",
                Reason.TOO_SMALL,
                ("width", "height"),
                lambda table: pc.less(shorter(table), least),
                lambda row: f"{size(row)}; least side {least}",
            )
        )
    if most is not None:
        rules.append(
            Rule(
                "max_aspect_ratio",
                Reason.ASPECT_RATIO,
                ("width", "height"),
                lambda table: pc.greater(ratio(table), most),
                lambda row: f"{size(row)}; most {most:g} to 1",
            )
        )
    return rules


def _lengths(settings: FilterSettings) -> list[Rule]:
    bounds = (
        (Reason.CAPTION_TOO_SHORT, "min", pc.less, "least"),
        (Reason.CAPTION_TOO_LONG, "max", pc.greater, "most"),
    )
    rules = []
    for reason, end, compare, said in bounds:
        for unit, of_unspaced, count in (("words", False, count_words), ("characters", True, count_characters)):
            bound = getattr(settings, f"{end}_{unit}")
            if bound is not None:
                rules.append(_length(f"{end}_{unit}", reason, of_unspaced, count, compare, bound, said))
    return rules


def _length(
    setting: str,
    reason: Reason,
    of_unspaced: bool,
    count: Callable[[pa.Array], pa.Array],
    compare: Callable[[Any, Any], pa.Array],
    bound: int,
    said: str,
) -> Rule:
    """A bound on captions of languages with spaces between words, or on those of the others."""

    def drops(table: pa.Table) -> pa.Array:
        captions = _column(table, "caption")
        measured = pc.equal(is_unspaced(captions, _column(table, "lang")), of_unspaced)
        return pc.and_(measured, compare(count(captions), bound))

    unit = setting.partition("_")[2]
    return Rule(
        setting,
        reason,
        ("caption", "lang"),
        drops,
        lambda row: f"{count(pa.array([row['caption']]))[0]} {unit}; {said} {bound}",
    )


def _languages(settings: FilterSettings) -> list[Rule]:
    expected = settings.languages
    if expected is None:
        return []

    def drops(table: pa.Table) -> pa.Array:
        sources, langs = _column(table, "source"), _column(table, "lang")
        refused = pa.array(np.zeros(len(table), dtype=bool))
        for source, languages in expected.items():
            foreign = pc.invert(pc.is_in(langs, value_set=pa.array(languages)))
            refused = pc.or_(refused, pc.and_(pc.equal(sources, source), foreign))
        return pc.and_(refused, _column(table, "caption").is_valid())

    return [
        Rule(
            "languages",
            Reason.UNEXPECTED_LANGUAGE,
            ("caption", "lang", "source"),
            drops,
            lambda row: f"caption in {row['lang']}; expected {', '.join(expected[row['source']])}",
        )
    ]


def _letters(settings: FilterSettings) -> list[Rule]:
    least = settings.min_letter_share
    if least is None:
        return []
    return [
        Rule(
            "min_letter_share",
            Reason.FEW_LETTERS,
            ("caption",),
            lambda table: pc.less(letter_share(_column(table, "caption")), least),
            lambda row: f"{letter_share(pa.array([row['caption']]))[0].as_py():.3f} are letters; least {least:g}",
        )
    ]


@functools.lru_cache(maxsize=1)
def _search_for(words: tuple[str, ...]) -> BlockedWords:
    """Made ready once a process: shards are many."""
    return BlockedWords(words)


def _blocked(words: Sequence[str]) -> Rule:
    blocked = _search_for(tuple(words))
    return Rule(
        "blocked_words",
        Reason.BLOCKED_WORD,
        ("caption",),
        lambda table: blocked.occur_in(_column(table, "caption")),
        lambda _: "the caption holds a word of the list",  # which one does not belong into a file that is shown around
    )


def _similarity(settings: FilterSettings) -> list[Rule]:
    least = settings.min_caption_similarity
    if least is None:
        return []
    return [
        Rule(
            "min_caption_similarity",
            Reason.UNLIKE_CAPTION,
            ("caption_similarity",),
            lambda table: pc.less(_column(table, "caption_similarity").cast(pa.float64()), least),
            lambda row: f"cosine {row['caption_similarity']:.4f}; least {least:g}",
        )
    ]


def _expression(settings: FilterSettings) -> list[Rule]:
    if settings.expression is None:
        return []
    condition = parse_expression(settings.expression)

    def told(row: Row) -> str:
        values = ", ".join(f"{name} {row[name]!r}" for name in condition.columns)
        return f"not true of {values}" if values else "never true"

    return [
        Rule(
            "expression",
            Reason.EXPRESSION,
            condition.columns,
            lambda table: pc.invert(condition.holds(table)),
            told,
        )
    ]


def _common(most: int, common: NDArray[np.uint64]) -> Rule:
    """``common``: hashes of the captions of this shard, or of any more, that stand on more than ``most`` images."""

    def drops(table: pa.Table) -> pa.Array:
        captions = _column(table, "caption")
        return pc.and_(pa.array(np.isin(caption_hashes(captions), common)), captions.is_valid())

    return Rule(
        "max_caption_images",
        Reason.COMMON_CAPTION,
        ("caption",),
        drops,
        lambda _: f"the caption stands on more than {most} images",
    )
