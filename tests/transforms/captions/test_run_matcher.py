"""How a run spells its concepts: as the built vocabulary does, or by their names."""

from __future__ import annotations

import pathlib

import pytest

from concept_vocab.vocabulary import Vocabulary
from tests.transforms.vocabularies.small_vocabulary import small
from transforms.captions.run_matcher import run_matcher, write_forms
from transforms.captions.settings import Matching
from transforms.datasets import read_table, write_table
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath
from transforms.vocabularies.files import read_concepts, write_vocabulary
from transforms.vocabulary_folder import write_concepts

CAPTION = "Dogs and a dog and China"


@pytest.fixture
def built(tmp_path: pathlib.Path) -> tuple[RunFolder, Vocabulary]:
    path, folder = tmp_path / "vocabulary", RunFolder(StoragePath.of(tmp_path / "run"), "f")
    write_vocabulary(StoragePath.of(path), small())
    concepts = read_concepts(StoragePath.of(path))
    write_concepts(folder, concepts.table)
    write_forms(folder, concepts.table, str(path))
    return folder, concepts


def named(folder: RunFolder, vocabulary: Vocabulary, matching: Matching = "longest") -> list[str]:
    (found,) = run_matcher(folder, matching).match([CAPTION], longest=True).to_pylist()
    return [vocabulary.names[concept] for concept in found]


def test_a_fragment_of_a_built_vocabulary_gives_way(built: tuple[RunFolder, Vocabulary]) -> None:
    folder, vocabulary = built
    assert "dog and" in vocabulary.names
    assert named(folder, vocabulary) == ["dog", "China"]


def test_a_run_that_was_begun_before_goes_on_as_it_was(built: tuple[RunFolder, Vocabulary]) -> None:
    folder, vocabulary = built
    path = folder.vocabulary / "surface_forms.parquet"
    forms = read_table(path, folder.fingerprint)
    write_table(path, forms.drop_columns(["is_fragment"]), folder.fingerprint)
    assert named(folder, vocabulary) == ["dog", "dog and", "China"]


def test_a_word_list_is_spelt_by_its_names(tmp_path: pathlib.Path) -> None:
    folder = RunFolder(StoragePath.of(tmp_path / "run"), "f")
    words = Vocabulary.from_names(["china", "dog and"], "en", "mine", {})
    write_concepts(folder, words.table)
    assert named(folder, words) == ["dog and", "china"]
    write_forms(folder, words.table, str(tmp_path / "words.yaml"))
    assert named(folder, words) == ["dog and", "china"]
