"""Inflected words to their lemmas, by WordNet's own rules (morphy(7WN)): lists of exceptions, then endings detached."""

from __future__ import annotations

from collections.abc import Iterator

from concept_vocab.wordnet.dictionary import WordNet

#: Ending and what stands in its place, by part of speech (https://wordnet.princeton.edu/documentation/morphy7wn).
_DETACHED: dict[str, tuple[tuple[str, str], ...]] = {
    "n": (
        ("s", ""),
        ("ses", "s"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("ies", "y"),
    ),
    "v": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
    "a": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "r": (),
}
_FEWEST_LETTERS = 2  # of what is left: "as" is no plural of "a"


def base_forms(form: str, part_of_speech: str, wordnet: WordNet) -> Iterator[str]:
    """Other lemmas of a part of speech that ``form``, normalised, may be an inflection of, likeliest first.

    Of several words the last is inflected, as in noun phrases: polar bears.
    """
    start, space, last = form.rpartition(" ")
    for base in _bases(last, part_of_speech, wordnet):
        candidate = f"{start}{space}{base}"
        if candidate != form and part_of_speech in wordnet.parts_of_speech(candidate):
            yield candidate


def singulars(form: str, wordnet: WordNet) -> Iterator[str]:
    """What ``form`` may be the plural of, lemma or not: "polar bears", "polar bear". Its last word is a noun's."""
    start, space, last = form.rpartition(" ")
    for base in _bases(last, "n", wordnet):
        if base != last and "n" in wordnet.parts_of_speech(base):
            yield f"{start}{space}{base}"


def _bases(word: str, part_of_speech: str, wordnet: WordNet) -> Iterator[str]:
    yield from wordnet.exceptions.get((part_of_speech, word), ())
    if part_of_speech == "n" and word.endswith("ss"):
        return  # as Morphy has it: not the plural of "gras"
    for ending, instead in _DETACHED[part_of_speech]:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _FEWEST_LETTERS:
            yield stem + instead
