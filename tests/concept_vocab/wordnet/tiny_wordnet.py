"""A WordNet of a few synsets, in the form of the real files."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from concept_vocab.wordnet.dictionary import WordNet, read_dictionary

LICENCE = "  1 This software and database is being provided to you, the LICENSEE, by nobody\n"
_ENDINGS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}


class Spec(NamedTuple):
    """``words``: with underscores, and ``:1`` for a lex_id; ``above``: the number of a synset in the list."""

    pos: str
    file: int
    words: str
    above: int | None = None
    instance: bool = False


SYNSETS = (
    Spec("n", 3, "artifact"),  # 0
    Spec("n", 6, "way", 0),
    Spec("n", 6, "street", 1),
    Spec("n", 6, "room", 0),
    Spec("n", 6, "kitchen", 3),
    Spec("n", 5, "dog domestic_dog"),  # 5
    Spec("n", 5, "bear"),
    Spec("n", 5, "ice_bear polar_bear", 6),
    Spec("n", 15, "city"),
    Spec("n", 15, "Paris City_of_Light", 8, True),
    Spec("n", 15, "China", 8, True),  # 10
    Spec("n", 6, "china"),
    Spec("n", 6, "glasses spectacles"),
    Spec("n", 6, "glass"),
    Spec("n", 10, "symbol"),
    Spec("n", 10, "letter", 14),  # 15
    Spec("v", 38, "run"),
    Spec("n", 4, "run:1"),
    Spec("a", 0, "red(a)"),
    Spec("n", 9, "idea"),
    Spec("n", 4, "battle"),  # 20
    Spec("n", 20, "tomato"),
    Spec("v", 31, "dog:1"),
    Spec("r", 2, "quickly"),
)
COUNTS = "run%2:38:00:: 1 106\nrun%1:04:01:: 1 14\ndog%1:05:00:: 1 42\nchina%1:15:00:: 1 25\nroom%1:06:00:: 1 116\n"
EXCEPTIONS = {"n": "geese goose\nspectacles spectacles\n", "v": "ran run\n", "a": "", "r": ""}


def offset(number: int) -> int:
    return 100 + 20 * number


def files(synsets: Sequence[Spec] = SYNSETS, counts: str = COUNTS) -> dict[str, bytes]:
    """By name."""
    found = {"cntlist.rev": counts.encode()}
    for pos, ending in _ENDINGS.items():
        data, index = LICENCE, dict[str, list[int]]()
        for number, spec in enumerate(synsets):
            if spec.pos != pos:
                continue
            words = [(word.partition(":")[0], int(word.partition(":")[2] or 0)) for word in spec.words.split()]
            spelt = " ".join(f"{word} {lex_id:x}" for word, lex_id in words)
            pointers = "000"
            if spec.above is not None:
                pointers = f"001 {'@i' if spec.instance else '@'} {offset(spec.above):08d} n 0000"
            data += f'{offset(number):08d} {spec.file:02d} {pos} {len(words):02x} {spelt} {pointers} | a gloss; "x"  \n'
            for word, _ in words:
                index.setdefault(word.partition("(")[0].lower(), []).append(offset(number))
        lines = (
            f"{lemma} {pos} {len(at)} 1 @ {len(at)} 0 {' '.join(f'{one:08d}' for one in at)}  \n"
            for lemma, at in sorted(index.items())
        )
        found |= {f"data.{ending}": data.encode(), f"index.{ending}": (LICENCE + "".join(lines)).encode()}
        found[f"{ending}.exc"] = EXCEPTIONS[pos].encode()
    return found


def tiny() -> WordNet:
    return read_dictionary(files().__getitem__)


def write(folder: pathlib.Path) -> pathlib.Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files().items():
        (folder / name).write_bytes(data)
    return folder
