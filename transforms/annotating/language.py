"""The language of a caption, where the source does not say: told by its script, and within a script by lingua.

Only languages that the source is said to hold are candidates. Among all the world's, short captions of plain nouns look
like any: of English ones that say "a green star" one in eight was taken for Latin, French or Tagalog.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from transforms.datasets import UNDETERMINED
from transforms.scripts import SCRIPT_OF, Script, count_letters

if TYPE_CHECKING:
    from lingua import LanguageDetector

#: Characters that are looked at: more say nothing new, and lingua's time grows with the cube of a text without spaces.
_MOST_CHARACTERS = 1000
_LETTER = re.compile(r"[A-Za-z]")


@functools.cache
def _detector(languages: tuple[str, ...]) -> LanguageDetector:
    # here, since a script with one candidate needs no models
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_iso_codes_639_1(
        *(getattr(IsoCode639_1, language.upper()) for language in languages)
    ).build()


def detect_languages(captions: Sequence[str | None], candidates: Sequence[str], min_confidence: float) -> list[str]:
    """ISO 639-1 codes in lower case, or ``und``.

    The script with most letters decides; it must hold at least ``min_confidence`` of the letters. Where several
    ``candidates`` are written in it, lingua must be as sure of the likeliest, compared with the others.
    """
    texts = [(caption or "")[:_MOST_CHARACTERS] for caption in captions]
    by_script = _by_script(tuple(candidates))
    latin = dict(by_script).get(Script.LATIN, ())
    found = [latin[0] if len(latin) == 1 and _is_latin(text) else UNDETERMINED for text in texts]
    rest = [place for place, language in enumerate(found) if language == UNDETERMINED]
    if rest:
        for place, language in zip(
            rest, _told([texts[place] for place in rest], by_script, min_confidence), strict=True
        ):
            found[place] = language
    return found


def _is_latin(text: str) -> bool:
    """Told without counting: all letters of ASCII are Latin ones."""
    return text.isascii() and _LETTER.search(text) is not None


def _told(
    texts: Sequence[str], by_script: Iterable[tuple[Script, tuple[str, ...]]], min_confidence: float
) -> list[str]:
    letters = count_letters(texts)
    script = letters.shape[1] - 1 - letters[:, ::-1].argmax(axis=1)  # on a tie Han, since names are Latin everywhere
    most = letters[np.arange(len(texts)), script]
    sure = (most > 0) & (most >= min_confidence * letters.sum(axis=1))
    found = [UNDETERMINED] * len(texts)
    for each, languages in by_script:
        for row in np.flatnonzero(sure & (script == each)).tolist():
            found[row] = languages[0] if len(languages) == 1 else _likeliest(texts[row], languages, min_confidence)
    return found


@functools.cache
def _by_script(candidates: tuple[str, ...]) -> tuple[tuple[Script, tuple[str, ...]], ...]:
    """Those that are written in each script, of scripts with any."""
    found = ((script, tuple(one for one in candidates if SCRIPT_OF[one] is script)) for script in Script)
    return tuple((script, languages) for script, languages in found if languages)


def _likeliest(text: str, languages: tuple[str, ...], min_confidence: float) -> str:
    likeliest = _detector(languages).compute_language_confidence_values(text)[0]
    if likeliest.value < min_confidence:
        return UNDETERMINED
    return likeliest.language.iso_code_639_1.name.lower()
