"""jieba's dictionary as concepts: Chinese words with how often they were seen and their part of speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from concept_vocab.languages.segmenters import jieba_dictionary
from concept_vocab.source_file import SourceFile
from concept_vocab.sources.source import Counted, Entry, Found, Options, Ranked, Source, by_count
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wordnet.sense_types import ConceptType

#: Tags of ICTCLAS, as jieba has them, that say what kind of thing a word names; names first, then words for what is
#: done, for how something is, for places, numbers and times. Nouns (n) may be things or ideas, so they say nothing.
_NAMES = ("nr", "ns", "nt", "nz", "nrt", "nrfg")
_TYPES: dict[str, ConceptType] = {
    **dict.fromkeys(_NAMES, "entity"),
    **dict.fromkeys(("v", "vn", "vg", "vi", "vd", "vq"), "action"),
    **dict.fromkeys(("a", "ag", "an", "ad", "b", "z"), "attribute"),
    **dict.fromkeys(("m", "mq", "mg"), "text"),
    **dict.fromkeys(("t", "tg", "d", "dg", "f"), "abstract"),
}
_COLUMNS = 3  # word, frequency, tag


class JiebaSource(Source):
    """A line is ``猫 3068 n``."""

    kind = "jieba"
    about = "words of jieba's dictionary for Chinese (dict.txt; without a path that of the installed package)"
    licence = "MIT (https://github.com/fxsjy/jieba/blob/master/LICENSE)"
    url = "https://github.com/fxsjy/jieba"
    thresholds = "none: all of them, the most frequent first"

    def check(self, options: Options) -> None:
        if options.language != "zh":
            raise VocabularyError(f"jieba's dictionary is Chinese, and the vocabulary's language is {options.language}")

    def usual_path(self) -> str:
        return jieba_dictionary()

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del counted
        entries = [entry for file in files for entry in _entries(file)]
        return Found([Ranked(name, by_count(entries), options.cap)])


def _entries(file: SourceFile) -> list[Entry]:
    try:
        lines = file.read_bytes().decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise VocabularyError(f"{file.name} is not UTF-8: {error}") from error
    entries = []
    for number, line in enumerate(lines, start=1):
        columns = line.split(" ")
        if len(columns) != _COLUMNS or not columns[1].isdigit():
            raise VocabularyError(
                f"{file.name}, line {number} is {line[:80]!r}, and a line of jieba's dictionary is a word, how often "
                "it was seen and its tag"
            )
        word, count, tag = columns
        entries.append(Entry(word, int(count), _TYPES.get(tag), "part of speech", tag in _NAMES, True))
    if not entries:
        raise VocabularyError(f"{file.name} is empty")
    return entries
