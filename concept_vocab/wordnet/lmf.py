"""WordNets in WN-LMF, the XML of the Global WordNet Association, as Open English WordNet is published.

Read by ``wn.lmf`` (https://github.com/goodmami/wn), which opens no database. What the dictionary files of Princeton
tell (:mod:`concept_vocab.wordnet.dictionary`) stands here too, but for how often senses were tagged: a cntlist.rev
beside the XML tells that by sense keys, else the first sense of a lemma is the one taken.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from concept_vocab.concept import normal_form
from concept_vocab.source_file import SourceFile
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wordnet.dictionary import COUNTS_FILE, Sense, Synset, SynsetId, WordNet, read_counts

#: Lexicographers' files by number (lexnames(5WN)); WN-LMF has their names.
_FILES = """
adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition
noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person
noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state
noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption
verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative
verb.weather adj.ppl
"""
FILE_NUMBERS = {name: number for number, name in enumerate(_FILES.split())}
NO_FILE = -1
_PARTS_OF_SPEECH = {"n": "n", "v": "v", "a": "a", "s": "a", "r": "r"}
_MACROLANGUAGES = {"cmn": "zh", "arb": "ar", "zsm": "ms", "nob": "no"}  # ISO 639-3 to what vocabularies say
_OPEN_ENGLISH = "oewn"


def read_lmf(files: Sequence[SourceFile], language: str) -> WordNet:
    """Lexicons of the language in all files, ``.xml`` or ``.xml.gz``, and the counts of a cntlist.rev among them.

    Raises VocabularyError for a file that is no WN-LMF, and where there is no lexicon of the language.
    """
    counts = [read_counts(file.read_bytes()) for file in files if file.name == COUNTS_FILE]
    lexicons = [lexicon for file in files if file.name != COUNTS_FILE for lexicon in _load(file)]
    own = [one for one in lexicons if "extends" not in one and _language(one) == language]
    if not own:
        found = ", ".join(sorted({_language(one) for one in lexicons})) or "none"
        raise VocabularyError(f"holds no lexicon of language {language}; languages of its lexicons: {found}")
    wordnet = WordNet()
    for lexicon in sorted(own, key=lambda one: (one["id"], one["version"])):
        _Reader(wordnet, lexicon, counts[0] if counts else {}).add()
    if not wordnet.synsets:
        raise VocabularyError("its lexicons hold no synset")
    return wordnet


def tells_types(wordnet: WordNet) -> bool:
    """Whether nouns say their lexicographer's file, without which no type is told."""
    return any(synset.lexicographer_file != NO_FILE for id_, synset in wordnet.synsets.items() if id_[0] == "n")


class _Reader:
    """One lexicon into a WordNet. Synsets are numbered in the order of their ids."""

    def __init__(self, wordnet: WordNet, lexicon: dict[str, Any], counts: Mapping[str, int]) -> None:
        self._wordnet = wordnet
        self._lexicon = lexicon
        self._counts = counts
        ids = sorted(one["id"] for one in lexicon.get("synsets", ()))
        self._numbers = {one: len(wordnet.synsets) + number for number, one in enumerate(ids)}
        self._ids: dict[str, SynsetId] = {}
        self._words: dict[str, list[tuple[str, str, str]]] = {}  # of a synset: entry, sense, word

    def add(self) -> None:
        synsets = self._lexicon.get("synsets", ())
        for one in synsets:
            if part := _PARTS_OF_SPEECH.get(one.get("partOfSpeech", "")):
                self._ids[one["id"]] = (part, self._numbers[one["id"]])
        entries = self._lexicon.get("entries", ())
        for entry in entries:
            for sense in entry.get("senses", ()):
                named = (entry["id"], sense["id"], entry["lemma"]["writtenForm"])
                self._words.setdefault(sense["synset"], []).append(named)
        for one in synsets:
            if one["id"] in self._ids and one["id"] in self._words:
                self._wordnet.synsets[self._ids[one["id"]]] = self._synset(one)
        for entry in entries:
            self._add_entry(entry)

    def _synset(self, one: dict[str, Any]) -> Synset:
        rank = {member: number for number, member in enumerate(one.get("members") or ())}
        words = sorted(
            self._words[one["id"]], key=lambda word: min(rank.get(word[0], 1 << 30), rank.get(word[1], 1 << 30))
        )
        file = one.get("lexfile") or (one.get("meta") or {}).get("subject") or ""
        relations = [(relation["relType"], relation["target"]) for relation in one.get("relations", ())]
        kinds = ("hypernym", "instance_hypernym")
        above = tuple(self._ids[target] for kind, target in relations if kind in kinds and target in self._ids)
        is_instance = any(kind == "instance_hypernym" for kind, _ in relations)
        return Synset(tuple(word for *_, word in words), FILE_NUMBERS.get(file, NO_FILE), above, is_instance)

    def _add_entry(self, entry: dict[str, Any]) -> None:
        wordnet, word = self._wordnet, entry["lemma"]["writtenForm"]
        form = normal_form(word)
        senses = wordnet.senses.setdefault(form, [])
        for sense in entry.get("senses", ()):
            id_ = self._ids.get(sense["synset"])
            if id_ is None:
                continue
            key = self._key(sense)
            tagged = sum(count["value"] for count in sense.get("counts", ())) or self._counts.get(key or "", 0)
            before = sum(one.synset[0] == id_[0] for one in senses)
            senses.append(Sense(id_, sense.get("n") or before + 1, tagged))
            if id_[0] == "n":
                file = wordnet.synsets[id_].lexicographer_file
                # without sense keys the first sense of a lexicographer's file goes for the one that is looked up
                wordnet.keys.setdefault(key or f"{form.replace(' ', '_')}%1:{file:02d}:00::", id_)
        if not senses:
            del wordnet.senses[form]
            return
        wordnet.spellings.setdefault(form, set()).add(word)
        part = _PARTS_OF_SPEECH.get(entry["lemma"]["partOfSpeech"], "")
        for inflected in entry.get("forms", ()):
            place = (part, normal_form(inflected["writtenForm"]))
            wordnet.exceptions[place] = tuple(dict.fromkeys((*wordnet.exceptions.get(place, ()), form)))

    def _key(self, sense: dict[str, Any]) -> str | None:
        """As senseidx(5WN) has it; Open English WordNet writes it into the id, with other signs."""
        from wn.compat import sensekey

        identifier = (sense.get("meta") or {}).get("identifier")
        if identifier:
            return str(identifier).lower()
        if self._lexicon["id"] != _OPEN_ENGLISH:
            return None
        flavor = sensekey.SENSE_ID_LEXICONS.get(f"{_OPEN_ENGLISH}:{self._lexicon['version']}", "oewn-v2")
        return sensekey.unescape(sense["id"].removeprefix(f"{_OPEN_ENGLISH}-"), flavor=flavor).lower()


def _load(file: SourceFile) -> Iterator[dict[str, Any]]:
    from wn import lmf

    with tempfile.NamedTemporaryFile(suffix=".xml") as copy:  # wn reads twice, of a path
        with file.open_stream() as stream:
            try:
                opened = gzip.GzipFile(fileobj=stream) if file.name.endswith(".gz") else stream
                shutil.copyfileobj(opened, copy)
            except (EOFError, OSError, zlib.error) as error:
                raise VocabularyError(f"{file.name} is no gzip, is damaged or is cut short: {error}") from error
        copy.flush()
        try:
            resource = lmf.load(copy.name, progress_handler=None)
        except (lmf.LMFError, AssertionError, UnicodeDecodeError, ValueError, KeyError) as error:
            told = str(error) or "a part that it must have is missing"
            raise VocabularyError(f"{file.name} is no WN-LMF, or is damaged: {told}") from error
    yield from resource["lexicons"]  # type: ignore[misc]


def _language(lexicon: Mapping[str, Any]) -> str:
    primary = str(lexicon["language"]).partition("-")[0].lower()
    return _MACROLANGUAGES.get(primary, primary)
