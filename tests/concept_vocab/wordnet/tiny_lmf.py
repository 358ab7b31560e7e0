"""A WordNet read from dictionary files, written as WN-LMF in the manner of Open English WordNet."""

from __future__ import annotations

import gzip
import pathlib

from wn import lmf
from wn.compat import sensekey

from concept_vocab.concept import normal_form
from concept_vocab.wordnet.dictionary import SynsetId, WordNet
from concept_vocab.wordnet.lmf import FILE_NUMBERS


def resource(wordnet: WordNet, language: str = "en") -> lmf.LexicalResource:
    """Sense keys are those of nouns alone; inflections are written with the lemma that they are of."""
    keys = {(key.partition("%")[0], id_): key for key, id_ in wordnet.keys.items()}
    inflected: dict[tuple[str, str], list[str]] = {}
    for (part, form), bases in wordnet.exceptions.items():
        for base in bases:
            inflected.setdefault((part, base), []).append(form)
    entries = []
    parts = [(form, part) for form in sorted(wordnet.senses) for part in sorted(wordnet.parts_of_speech(form))]
    for number, (form, part) in enumerate(parts):
        for spelt in sorted(wordnet.spellings[form]):
            senses = []
            for sense in wordnet.senses[form]:
                if sense.synset[0] == part and spelt in wordnet.synsets[sense.synset].words:
                    key = keys.get((form.replace(" ", "_"), sense.synset), f"{form}%{sense.number}:{number}:00::")
                    id_ = f"oewn-{sensekey.escape(key, flavor='oewn')}"
                    senses.append({"id": id_, "synset": synset_name(sense.synset), "n": sense.number, "meta": None})
            forms = [{"writtenForm": one} for one in inflected.get((part, form), ())]
            entries.append(
                {
                    "id": f"oewn-{number}-{part}-{len(entries)}",
                    "lemma": {"writtenForm": spelt, "partOfSpeech": part},
                    "forms": forms,
                    "senses": senses,
                    "meta": None,
                }
            )
    members: dict[str, list[tuple[int, str]]] = {}
    for entry in entries:
        word = entry["lemma"]["writtenForm"]
        for sense in entry["senses"]:
            at = next(id_ for id_ in wordnet.senses[normal_form(word)] if synset_name(id_.synset) == sense["synset"])
            rank = wordnet.synsets[at.synset].words.index(word)
            members.setdefault(sense["synset"], []).append((rank, entry["id"]))
    files = {number: name for name, number in FILE_NUMBERS.items()}
    synsets = [
        {
            "id": synset_name(id_),
            "ili": "",
            "partOfSpeech": id_[0],
            "lexfile": files[synset.lexicographer_file],
            "members": [entry for _, entry in sorted(members.get(synset_name(id_), []))],
            "relations": [
                {
                    "target": synset_name(above),
                    "relType": "instance_hypernym" if synset.is_instance else "hypernym",
                    "meta": None,
                }
                for above in synset.above
            ],
            "meta": None,
        }
        for id_, synset in wordnet.synsets.items()
    ]
    lexicon = {
        "id": "oewn",
        "label": "Open English WordNet",
        "language": language,
        "email": "nobody@example.org",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "version": "2024",
        "entries": entries,
        "synsets": synsets,
        "meta": None,
    }
    return {"lmf_version": "1.1", "lexicons": [lexicon]}  # type: ignore[list-item]


def synset_name(id_: SynsetId) -> str:
    return f"oewn-{id_[1]:08d}-{id_[0]}"


def write(path: pathlib.Path, wordnet: WordNet, language: str = "en") -> pathlib.Path:
    """``.xml`` or ``.xml.gz``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    lmf.dump(resource(wordnet, language), plain)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
        plain.unlink()
    return path
