"""WordNet read from the dictionary files of Princeton: data.*, index.*, *.exc and cntlist.rev.

Their form is that of the manual pages wndb(5WN) and cntlist(5WN) of WordNet 3.0
(https://wordnet.princeton.edu/documentation/wndb5wn): 8 digits of byte offset name a synset in the file of its part of
speech; numbers of words are hexadecimal; lines that begin with two spaces are the licence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from concept_vocab.concept import normal_form
from concept_vocab.vocabulary import VocabularyError

#: Part of speech by the ending of its files, and what it is in sense keys (senseidx(5WN)); 5 is a satellite adjective.
_FILES = {"n": ("noun", 1), "v": ("verb", 2), "a": ("adj", 3), "r": ("adv", 4)}
_SATELLITE = 5
COUNTS_FILE = "cntlist.rev"
#: Where Debian's package wordnet-base installs them.
USUAL_FOLDER = "/usr/share/wordnet"

SynsetId = tuple[str, int]  # part of speech (n, v, a, r) and byte offset


class Synset(NamedTuple):
    """``words``: spelt as written, with spaces, the head first; ``above``: hypernyms, of instances what they are of."""

    words: tuple[str, ...]
    lexicographer_file: int  # lexnames(5WN): 3 is noun.Tops, 5 noun.animal …
    above: tuple[SynsetId, ...]
    is_instance: bool


class Sense(NamedTuple):
    """One meaning of a lemma. ``tag_count``: how often it was tagged in the semantic concordances, 0 for most."""

    synset: SynsetId
    number: int  # 1 is held to be the most frequent of its part of speech
    tag_count: int


@dataclass
class WordNet:
    """All of it in memory: 0.5 GB for WordNet 3.0's 117,659 synsets."""

    synsets: dict[SynsetId, Synset] = field(default_factory=dict)
    senses: dict[str, list[Sense]] = field(default_factory=dict)  # by normalised form
    spellings: dict[str, set[str]] = field(default_factory=dict)  # by normalised form, as the synsets spell them
    exceptions: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # (part of speech, inflected)
    keys: dict[str, SynsetId] = field(default_factory=dict)  # by sense key, of nouns only

    def parts_of_speech(self, form: str) -> set[str]:
        return {sense.synset[0] for sense in self.senses.get(form, [])}

    def heads(self) -> list[str]:
        """The first word of each synset, each spelling once, sorted."""
        return sorted({synset.words[0] for synset in self.synsets.values()})

    def lemmas(self) -> list[str]:
        """Every word of every synset, each spelling once, sorted."""
        return sorted({word for synset in self.synsets.values() for word in synset.words})


def read_dictionary(read: Callable[[str], bytes]) -> WordNet:
    """WordNet out of its files; ``read`` gives the bytes of one by its name, ``data.noun``.

    Raises VocabularyError where a file is not of the documented form.
    """
    wordnet = WordNet()
    counts = read_counts(read(COUNTS_FILE))
    records = []
    for part_of_speech, (ending, _) in _FILES.items():
        for line_number, line in _lines(read(f"data.{ending}"), f"data.{ending}"):
            try:
                record = _record(line, part_of_speech)
            except (ValueError, IndexError) as error:
                raise _malformed(f"data.{ending}", line_number, "a synset of wndb(5WN)") from error
            records.append(record)
            wordnet.synsets[record.id] = record.synset
        for line_number, line in _lines(read(f"{ending}.exc"), f"{ending}.exc"):
            inflected, *bases = (word.replace("_", " ") for word in line.split())
            if not bases:
                raise _malformed(f"{ending}.exc", line_number, "an inflected form and its base")
            wordnet.exceptions[part_of_speech, inflected] = tuple(bases)
    if not wordnet.synsets:
        raise VocabularyError("its data files hold no synset")
    _add_senses(wordnet, {record.id: record for record in records}, counts, read)
    return wordnet


class _Record(NamedTuple):
    id: SynsetId
    synset: Synset
    lex_ids: tuple[int, ...]
    kind: int  # as in sense keys
    head: str  # the first word as it is written there, with the marker of its place: ``single(a)``
    similar: tuple[SynsetId, ...]  # of a satellite: the head of its cluster


def _record(line: str, part_of_speech: str) -> _Record:
    columns = line.partition("|")[0].split()
    offset, file, kind = int(columns[0]), int(columns[1]), columns[2]
    n_words = int(columns[3], 16)
    spelt = columns[4 : 4 + 2 * n_words : 2]
    lex_ids = tuple(int(one, 16) for one in columns[5 : 5 + 2 * n_words : 2])
    at = 4 + 2 * n_words
    pointers = [tuple(columns[start : start + 4]) for start in range(at + 1, at + 1 + 4 * int(columns[at]), 4)]
    if kind not in (part_of_speech, "s") or not spelt or any(len(pointer) != 4 for pointer in pointers):
        raise ValueError(line)
    above = tuple((pos, int(to)) for symbol, to, pos, _ in pointers if symbol in ("@", "@i"))
    similar = tuple((pos, int(to)) for symbol, to, pos, _ in pointers if symbol == "&" and kind == "s")
    # (a), (p) and (ip) behind an adjective say where it stands in a sentence
    words = tuple(word.partition("(")[0].replace("_", " ") for word in spelt)
    synset = Synset(words, file, above, any(symbol == "@i" for symbol, *_ in pointers))
    number = _SATELLITE if kind == "s" else _FILES[part_of_speech][1]
    return _Record((part_of_speech, offset), synset, lex_ids, number, spelt[0].lower(), similar)


def _add_senses(
    wordnet: WordNet, records: dict[SynsetId, _Record], counts: dict[str, int], read: Callable[[str], bytes]
) -> None:
    keys: dict[tuple[str, SynsetId], str] = {}
    for record in records.values():
        for word, lex_id in zip(record.synset.words, record.lex_ids, strict=True):
            form = normal_form(word)
            keys[form, record.id] = key = _sense_key(record, form, lex_id, records)
            wordnet.spellings.setdefault(form, set()).add(word)
            if record.id[0] == "n":
                wordnet.keys[key] = record.id
    for part_of_speech, (ending, _) in _FILES.items():
        for line_number, line in _lines(read(f"index.{ending}"), f"index.{ending}"):
            columns = line.split()
            form = normal_form(columns[0].replace("_", " "))
            try:
                offsets = [int(one) for one in columns[-int(columns[2]) :]]
                found = [(part_of_speech, offset) for offset in offsets]
                senses = [Sense(one, at, counts.get(keys[form, one], 0)) for at, one in enumerate(found, start=1)]
            except (ValueError, IndexError, KeyError) as error:
                raise _malformed(
                    f"index.{ending}", line_number, "a lemma whose synsets are in the data file"
                ) from error
            wordnet.senses.setdefault(form, []).extend(senses)


def _sense_key(record: _Record, form: str, lex_id: int, records: dict[SynsetId, _Record]) -> str:
    """As senseidx(5WN) has it: ``room%1:06:00::``."""
    cluster = ":"
    if record.kind == _SATELLITE and record.similar and (head := records.get(record.similar[0])):
        cluster = f"{head.head}:{head.lex_ids[0]:02d}"
    return f"{_underscores(form)}%{record.kind}:{record.synset.lexicographer_file:02d}:{lex_id:02d}:{cluster}"


def _underscores(word: str) -> str:
    return word.replace(" ", "_").lower()


def read_counts(data: bytes) -> dict[str, int]:
    """How often each sense was tagged, by sense key, of cntlist.rev."""
    counts = {}
    for line_number, line in _lines(data, COUNTS_FILE):
        columns = line.split()
        if len(columns) != 3 or not columns[2].isdecimal():
            raise _malformed(COUNTS_FILE, line_number, "a sense key, a number and a count")
        counts[columns[0]] = int(columns[2])
    return counts


def _lines(data: bytes, name: str) -> Iterator[tuple[int, str]]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VocabularyError(f"{name} is not UTF-8: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.startswith("  "):
            yield number, line


def _malformed(name: str, line_number: int, wanted: str) -> VocabularyError:
    return VocabularyError(f"{name}, line {line_number} is not {wanted}; WordNet's own dictionary files are read")
