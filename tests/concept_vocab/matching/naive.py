"""The matcher's rules one by one, character by character: what the fast one has to agree with."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from concept_vocab.languages.segmenters import jieba
from concept_vocab.matching.forms import SurfaceForm
from concept_vocab.vocabulary import normalise

_HAN = "々〆〇㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af"
_HAN_RUN = re.compile(f"[{_HAN}]+")


def naive_match(
    forms: Sequence[SurfaceForm], caption: str | None, longest: bool = False, fragments: Collection[int] = ()
) -> list[int]:
    text = re.sub(r"[\x00-\x1f]", "\x7f", normalise(caption or ""))
    found = [span for form in forms for span in _spans(form, text)]
    if longest:
        whole = {(start, end) for start, end, concept in found if concept not in fragments}
        found = [
            one for one in found if one[2] not in fragments or not any(_reaches_over(one[:2], other) for other in whole)
        ]
        lengths = set(itertools.starmap(lambda start, end, _: (start, end), found))
        found = [one for one in found if not any(_is_within(one[:2], other) for other in lengths)]
    ordered = sorted(found, key=lambda one: (one[0], -one[1], one[2]))
    return list(dict.fromkeys(concept for *_, concept in ordered))


def _is_within(span: tuple[int, ...], other: tuple[int, int]) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]


def _reaches_over(span: tuple[int, ...], other: tuple[int, int]) -> bool:
    return span[0] <= other[0] and other[1] <= span[1]


def _spans(form: SurfaceForm, text: str) -> Iterator[tuple[int, int, int]]:
    wanted = normalise(form.text)
    if not wanted or re.search(r"[\x00-\x1f\x7f]", wanted):
        return
    without_case, searched = _without_case(text), wanted if form.match_case else _without_case(wanted)
    start = -1
    while (start := (text if form.match_case else without_case).find(searched, start + 1)) >= 0:
        if _is_bound(text, start) and _is_bound(text, start + len(wanted)):
            yield start, start + len(wanted), form.concept


@functools.lru_cache(maxsize=1000)
def _without_case(text: str) -> str:
    """Each letter by itself, unless that takes other bytes in UTF-8."""
    return "".join(map(_small, text))


@functools.cache
def _small(letter: str) -> str:
    small = [one for one in (letter.casefold(), letter.lower()) if len(one) == 1]
    alike = [one for one in small if len(one.encode()) == len(letter.encode())]
    return alike[0] if alike else letter


def _is_bound(text: str, at: int) -> bool:
    """Whether a word may begin or end before the character ``at``."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    if _HAN_RUN.match(before) and _HAN_RUN.match(after):
        run = next(run for run in _HAN_RUN.finditer(text) if run.start() < at < run.end())
        return at - run.start() in jieba_ends(run[0])
    if _is_letter(before) and _is_letter(after):
        return False
    lone = after.isascii() and after.isalnum() and not (at + 1 < len(text) and _is_letter(text[at + 1]))
    return not (lone and before in "'’" and at > 1 and _is_letter(text[at - 2]))


@functools.lru_cache(maxsize=1000)
def jieba_ends(run: str) -> list[int]:
    """Where words of a run of Han characters end, as jieba cuts it alone."""
    return list(itertools.accumulate(map(len, jieba().cut(run))))


def _is_letter(letter: str) -> bool:
    return (
        unicodedata.category(letter)[0] in "LMN" and not _HAN_RUN.match(letter) and not "\ufe00" <= letter <= "\ufe0f"
    )
