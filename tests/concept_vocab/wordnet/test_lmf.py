"""A WordNet in XML says what the dictionary files say."""

from __future__ import annotations

import pathlib

import pytest

from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.lmf import read_lmf, tells_types
from concept_vocab.wordnet.morphy import base_forms
from concept_vocab.wordnet.sense_types import SenseTypes
from tests.concept_vocab.wordnet import tiny_wordnet
from tests.concept_vocab.wordnet.tiny_lmf import write
from transforms.storage import StoragePath

WORDNET = tiny_wordnet.tiny()


@pytest.fixture(autouse=True)
def no_home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the library would keep in the home folder would show."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def read(*paths: pathlib.Path) -> WordNet:
    return read_lmf([StoragePath.of(path) for path in paths], "en")


def types(wordnet: WordNet) -> dict[str, tuple[str, ...]]:
    known = SenseTypes(wordnet)
    return {form: typed.types for form in wordnet.senses if (typed := known.of_lemma(form))}


@pytest.mark.parametrize("name", ["oewn.xml", "oewn.xml.gz"])
def test_the_same_lemmas_heads_and_types(name: str, tmp_path: pathlib.Path) -> None:
    found = read(write(tmp_path / name, WORDNET), counts(tmp_path))
    assert found.heads() == WORDNET.heads() and found.lemmas() == WORDNET.lemmas()
    assert found.spellings == WORDNET.spellings
    assert types(found)["kitchen"] == ("scene",) and types(found)["paris"] == ("entity",)
    assert {form: kinds[0] for form, kinds in types(found).items()} == {
        form: kinds[0] for form, kinds in types(WORDNET).items()
    }
    assert list(base_forms("geese", "n", found)) == list(base_forms("geese", "n", WORDNET))
    assert not (tmp_path / "home").exists()


def counts(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "cntlist.rev"
    path.write_text(tiny_wordnet.COUNTS)
    return path


def test_without_counts_the_first_sense_is_taken(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.xml", WORDNET)
    (dog, _) = read(path, counts(tmp_path)).senses["dog"]
    assert (dog.number, dog.tag_count) == (1, 42)
    assert types(read(path))["run"][0] == "action" and read(path).senses["dog"][0].tag_count == 0


def test_roots_without_sense_keys(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.xml", WORDNET)
    path.write_text(path.read_text().replace('<Lexicon id="oewn"', '<Lexicon id="other"'))
    assert types(read(path))["kitchen"] == ("scene",)


def test_another_language_and_no_lexicographers_files(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.xml", WORDNET, "cmn-Hans")
    with pytest.raises(VocabularyError, match="holds no lexicon of language en; languages of its lexicons: zh"):
        read(path)
    assert tells_types(read_lmf([StoragePath.of(path)], "zh"))
    path.write_text(path.read_text().replace("lexfile=", "note="))
    assert not tells_types(read_lmf([StoragePath.of(path)], "zh"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text[: len(text) // 2], "is no WN-LMF, or is damaged: invalid or ill-formed XML"),
        (lambda text: text.replace("LexicalResource", "Resource"), "is no WN-LMF, or is damaged: invalid or missing"),
        (lambda _: "text\nhen\n", "is no WN-LMF, or is damaged: invalid or missing XML declaration"),
        (lambda text: text.replace("<Lexicon id=", "<Lexicon x="), "is no WN-LMF, or is damaged: <Lexicon> missing"),
    ],
)
def test_faults(change, says: str, tmp_path: pathlib.Path) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / "a.xml", WORDNET)
    path.write_text(change(path.read_text()))
    with pytest.raises(VocabularyError) as raised:
        read(path)
    assert says in str(raised.value)


def test_a_gzip_that_is_cut_short(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.xml.gz", WORDNET)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(VocabularyError, match="is damaged or is cut short"):
        read(path)
