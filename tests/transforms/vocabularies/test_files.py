"""A vocabulary comes back from its folder as it was written, or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib

import pyarrow as pa
import pytest

from concept_vocab.prompts import PROMPTS
from tests.transforms.vocabularies.small_vocabulary import small
from transforms.annotating.digests import word_list_digest
from transforms.annotating.settings import VocabularySettings
from transforms.annotating.word_lists import read_word_list
from transforms.errors import InputError
from transforms.storage import StoragePath
from transforms.vocabularies.files import (
    ABOUT,
    BuiltVocabulary,
    is_built,
    read_about,
    read_concepts,
    read_vocabulary,
    write_vocabulary,
)

VOCABULARY = small()


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> StoragePath:
    written = StoragePath.of(tmp_path / "vocabulary")
    write_vocabulary(written, VOCABULARY)
    return written


def with_concepts(folder: StoragePath, concepts: pa.Table) -> None:
    write_vocabulary(folder, dataclasses.replace(VOCABULARY, concepts=concepts))


def test_it_comes_back(folder: StoragePath) -> None:
    assert is_built(folder) and not is_built(folder / "other")
    found = read_vocabulary(folder)
    for name in ("concepts", "surface_forms", "aliases", "blocked"):
        assert getattr(found, name).equals(getattr(VOCABULARY, name))
    assert found.about.items() >= VOCABULARY.about.items()


def test_the_same_bytes_again(folder: StoragePath, tmp_path: pathlib.Path) -> None:
    write_vocabulary(StoragePath.of(tmp_path / "again"), VOCABULARY)
    again = {path.name: path.read_bytes() for path in StoragePath.of(tmp_path / "again").walk()}
    assert again == {path.name: path.read_bytes() for path in folder.walk()} and len(again) == 5


def test_a_build_reads_it_as_a_word_list(folder: StoragePath, tmp_path: pathlib.Path) -> None:
    vocabulary = read_word_list(str(folder))
    assert vocabulary.names == VOCABULARY.concepts["name"].to_pylist()
    assert vocabulary.table["type"].to_pylist() == VOCABULARY.concepts["type"].to_pylist()
    assert vocabulary.prompts == PROMPTS
    digest = word_list_digest(VocabularySettings(path=str(folder)))
    other = tmp_path / "other"
    write_vocabulary(StoragePath.of(other), small(blocked_types=frozenset({"scene"})))
    assert digest != word_list_digest(VocabularySettings(path=str(other)))


def test_groups_are_read_and_name_another_vocabulary(folder: StoragePath) -> None:
    plain = VocabularySettings(path=str(folder))
    assert read_concepts(folder).groups is None and read_concepts(folder).meanings == len(VOCABULARY)
    assert word_list_digest(plain) == hashlib.sha256((folder / "concepts.parquet").read_bytes()).hexdigest()[:16]
    uids = VOCABULARY.concepts["uid"].to_pylist()
    leaders = [*uids[:2], uids[1], *uids[3:-1], uids[1]]
    place = VOCABULARY.concepts.schema.get_field_index("group")
    with_concepts(folder, VOCABULARY.concepts.set_column(place, "group", pa.array(leaders, pa.uint64())))
    found, last = read_concepts(folder), len(uids) - 1
    assert found.groups == (0, 1, 1, *range(3, last), 1) and found.meanings == last - 1
    assert word_list_digest(plain) != hashlib.sha256((folder / "concepts.parquet").read_bytes()).hexdigest()[:16]
    for leader, says in ((uids[2], None), (1, "a group is named after a concept that the vocabulary does not hold")):
        changed = pa.array([leader, *uids[1:]], pa.uint64())
        with_concepts(folder, VOCABULARY.concepts.set_column(place, "group", changed))
        if says is None:  # whoever stands for a group need not be its first
            assert read_concepts(folder).groups == (2, *range(1, len(uids)))
        else:
            with pytest.raises(InputError, match=says):
                read_concepts(folder)


def test_a_folder_without_one(tmp_path: pathlib.Path) -> None:
    for read in (read_vocabulary, read_concepts, read_about):
        with pytest.raises(InputError, match=r"is no vocabulary: it holds no vocabulary\.json"):
            read(StoragePath.of(tmp_path))
    with pytest.raises(InputError, match="is no vocabulary"):
        word_list_digest(VocabularySettings(path=str(tmp_path)))


def test_concepts_that_share_an_id(folder: StoragePath) -> None:
    uids = VOCABULARY.concepts["uid"].to_pylist()
    with_concepts(folder, VOCABULARY.concepts.set_column(0, "uid", pa.array([uids[1], *uids[1:]], pa.uint64())))
    with pytest.raises(InputError, match="'1984', 'china' have one uid"):
        read_concepts(folder)


def test_rows_out_of_order_and_none_at_all(folder: StoragePath) -> None:
    with_concepts(folder, VOCABULARY.concepts.slice(1))
    with pytest.raises(InputError, match="does not hold the rows 0 to 7 in order"):
        read_concepts(folder)
    with_concepts(folder, VOCABULARY.concepts.slice(0, 0))
    with pytest.raises(InputError, match="holds no concept"):
        read_vocabulary(folder)


def test_damage(folder: StoragePath) -> None:
    path = folder / "concepts.parquet"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"concepts\.parquet is missing or damaged"):
        read_vocabulary(folder)
    path.delete()
    with pytest.raises(InputError, match=r"concepts\.parquet is missing or damaged"):
        read_concepts(folder)
    with pytest.raises(InputError, match="is damaged"):
        word_list_digest(VocabularySettings(path=str(folder)))


@pytest.mark.parametrize(
    ("text", "says"), [("{", "is damaged"), ("[]", "is damaged"), ('{"format_version": 9}', "version 9")]
)
def test_an_about_of_another_kind(text: str, says: str, folder: StoragePath) -> None:
    (folder / ABOUT).write_text(text)
    with pytest.raises(InputError, match=says):
        read_about(folder)


def test_columns_of_another_kind(folder: StoragePath) -> None:
    names = [field.name for field in dataclasses.fields(BuiltVocabulary)]
    assert set(json.loads((folder / ABOUT).read_text())["files"]) == {f"{name}.parquet" for name in names[:4]}
    (folder / "concepts.parquet").write_bytes((folder / "aliases.parquet").read_bytes())
    with pytest.raises(InputError, match="has the columns alias, uid, form, reason"):
        read_concepts(folder)
