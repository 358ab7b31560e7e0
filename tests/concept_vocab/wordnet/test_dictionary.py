"""WordNet's files are read as they are documented, the real ones too where they are."""

from __future__ import annotations

import pathlib

import pytest

from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wordnet.dictionary import USUAL_FOLDER, Sense, read_dictionary
from tests.concept_vocab.wordnet.tiny_wordnet import SYNSETS, files, offset, tiny


def test_lemmas_senses_and_spellings() -> None:
    wordnet = tiny()
    assert len(wordnet.synsets) == len(SYNSETS)
    assert "ice bear" in wordnet.heads() and "polar bear" not in wordnet.heads()
    assert "polar bear" in wordnet.lemmas()
    assert wordnet.spellings["china"] == {"China", "china"}
    assert wordnet.senses["run"] == [Sense(("n", offset(17)), 1, 14), Sense(("v", offset(16)), 1, 106)]
    assert "red" in wordnet.senses  # the marker of its place is no part of it
    assert wordnet.synsets["n", offset(9)].is_instance and not wordnet.synsets["n", offset(8)].is_instance
    assert wordnet.parts_of_speech("dog") == {"n", "v"}


def test_a_satellite_is_counted_by_the_head_of_its_cluster() -> None:
    given = files(counts="scarlet%5:00:00:red(a):00 1 7\n")
    lemma, line = (
        "scarlet a 1 1 & 1 0 00000900  \n",
        f"00000900 00 s 01 scarlet 0 001 & {offset(18):08d} a 0000 | red  \n",
    )
    given["data.adj"] += line.encode()
    given["index.adj"] += lemma.encode()
    assert read_dictionary(given.__getitem__).senses["scarlet"] == [Sense(("a", 900), 1, 7)]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("data.noun", b"what is this?\n", "data.noun, line 1 is not a synset"),
        ("data.noun", b"00000100 05 n 02 dog 0 000 | too few words\n", "data.noun, line 1 is not a synset"),
        ("data.noun", b"00000100 05 n 01 dog 0 002 @ 00000120 n 0000 | too few pointers\n", "data.noun, line 1"),
        ("index.noun", b"dog n 1 1 @ 1 1 00099999  \n", "index.noun, line 1 is not a lemma"),
        ("cntlist.rev", b"dog%1:05:00:: many\n", "cntlist.rev, line 1"),
        ("noun.exc", b"geese\n", "noun.exc, line 1"),
        ("index.noun", b"\xff\n", "index.noun is not UTF-8"),
    ],
)
def test_a_file_of_another_form_is_named(name: str, data: bytes, says: str) -> None:
    with pytest.raises(VocabularyError, match=says):
        read_dictionary({**files(), name: data}.__getitem__)


def test_files_without_a_synset_are_no_wordnet() -> None:
    with pytest.raises(VocabularyError, match="no synset"):
        read_dictionary(files(()).__getitem__)


def test_the_real_one() -> None:
    folder = pathlib.Path(USUAL_FOLDER)
    if not (folder / "data.noun").is_file():
        pytest.skip(f"no WordNet in {folder}: Debian's package wordnet-base installs it")
    wordnet = read_dictionary(lambda name: (folder / name).read_bytes())
    assert (len(wordnet.synsets), len(wordnet.senses), len(wordnet.heads())) == (117_659, 147_306, 87_379)
