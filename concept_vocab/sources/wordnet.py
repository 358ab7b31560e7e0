"""WordNet's lemmas as concepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from concept_vocab.concept import normal_form
from concept_vocab.source_file import SourceFile
from concept_vocab.sources.source import Counted, Entry, Found, Options, Ranked, Source
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wordnet.dictionary import USUAL_FOLDER, WordNet, read_dictionary
from concept_vocab.wordnet.lmf import read_lmf, tells_types


class WordNetSource(Source):
    """The published list takes the first word of each synset, 86,654 (https://arxiv.org/abs/2309.16671, table 1)."""

    kind = "wordnet"
    about = "lemmas of WordNet, from the folder of its dictionary files (data.noun, index.noun, noun.exc, cntlist.rev)"
    licence = "WordNet license (https://wordnet.princeton.edu/license-and-commercial-use), with its notice"
    url = "https://wordnet.princeton.edu"
    remedy = f"Debian's package wordnet-base puts it into {USUAL_FOLDER}; elsewhere name the folder as path"
    thresholds = "none: all of them, as MetaCLIP's build_metadata.py takes them"
    takes = frozenset(("lemmas",))

    def check(self, options: Options) -> None:
        if options.language != "en":
            raise VocabularyError(
                f"WordNet's own files are English, and the vocabulary's language is {options.language}"
            )

    def usual_path(self) -> str:
        return USUAL_FOLDER

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del counted
        by_name = {file.name: file for file in files}

        def read_file(file_name: str) -> bytes:
            if file_name not in by_name:
                raise VocabularyError(f"holds no {file_name}; name the folder of WordNet's dictionary files")
            return by_name[file_name].read_bytes()

        wordnet = read_dictionary(read_file)
        return Found([_ranked(name, wordnet, options)], wordnet)


class LmfSource(Source):
    """The same of a WordNet of any language in XML."""

    kind = "wordnet_lmf"
    about = "lemmas of a WordNet in WN-LMF (english-wordnet-2024.xml.gz), and if wanted cntlist.rev beside it"
    licence = "the lexicon's own; Open English WordNet: CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"
    url = "https://en-word.net"
    thresholds = "none: all of them, as of WordNet"
    takes = frozenset(("lemmas",))

    def read(self, name: str, files: Sequence[SourceFile], options: Options, counted: Mapping[str, Counted]) -> Found:
        del counted
        wordnet = read_lmf(files, options.language)
        return Found([_ranked(name, wordnet, options)], wordnet if tells_types(wordnet) else None)


def _ranked(name: str, wordnet: WordNet, options: Options) -> Ranked:
    words = wordnet.heads() if options.lemmas == "head" else wordnet.lemmas()
    return Ranked(name, [Entry(word) for word in sorted(words, key=lambda word: _rareness(word, wordnet))], options.cap)


def _rareness(word: str, wordnet: WordNet) -> tuple[int, int, str]:
    """What was often tagged in running text comes first, then what has many meanings: most lemmas were never tagged."""
    senses = wordnet.senses.get(normal_form(word), ())
    return -sum(sense.tag_count for sense in senses), -len(senses), word
