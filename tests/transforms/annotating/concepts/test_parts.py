"""Concepts embedded part by part: the same whoever does it, in whatever order, and gone on with."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.concept_embedding import embed_vocabulary
from transforms.annotating.concepts.joining import carry, joined, prompts_mark
from transforms.annotating.concepts.parts import EmbeddingWork, begin, embed_part, embedded
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath
from transforms.vocabulary_folder import finish_vocabulary, read_embeddings, write_concepts, write_embeddings

ENCODER = EncoderSettings(model="configs/encoder/tiny", precision="fp32")
PROMPTS = {"en": ("a {}", "a photo of a {}")}
NAMES = [f"{colour} {thing}" for colour in ("red", "green", "blue") for thing in ("dog", "cat", "ring", "star")]


@pytest.fixture(scope="module")
def encoder() -> ClipEncoder:
    return ClipEncoder(ENCODER)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("parts", "joining"):
        monkeypatch.setattr(f"transforms.annotating.concepts.{module}.CONCEPTS_A_PART", 5)
    monkeypatch.setattr("transforms.annotating.concept_embedding.TEXTS_A_BATCH", 16)


def of(names: list[str], prompts: dict[str, tuple[str, ...]] = PROMPTS) -> Vocabulary:
    return Vocabulary.from_names(names, "en", "mine", prompts)


def work_in(folder: pathlib.Path, names: list[str] = NAMES) -> EmbeddingWork:
    return begin(StoragePath.of(folder), ENCODER, of(names))


def test_parts_are_what_all_at_once_would_be(tmp_path: pathlib.Path, encoder: ClipEncoder) -> None:
    work = work_in(tmp_path)
    assert work.missing() == [0, 1, 2]
    for number in (2, 0, 1):
        embed_part(work, number, encoder)
    found = list(embedded(work))
    assert [len(part) for part in found] == [5, 5, 2]
    np.testing.assert_allclose(np.concatenate(found), embed_vocabulary(of(NAMES), encoder), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(np.concatenate(found), axis=1), 1, atol=1e-6)


def test_other_workers_leave_the_same_bytes(tmp_path: pathlib.Path, encoder: ClipEncoder) -> None:
    first, second = work_in(tmp_path / "a"), work_in(tmp_path / "b")
    for number in first.parts:
        embed_part(first, number, encoder)
    for number in reversed(second.parts):
        embed_part(second, number, ClipEncoder(ENCODER))
    for number in first.parts:
        assert first.part(number).read_bytes() == second.part(number).read_bytes()


def test_what_is_there_is_gone_on_with(tmp_path: pathlib.Path, encoder: ClipEncoder) -> None:
    embed_part(work_in(tmp_path), 1, encoder)
    assert work_in(tmp_path).missing() == [0, 2]
    assert work_in(tmp_path, NAMES[1:]).missing() == [0, 1, 2]
    other = begin(StoragePath.of(tmp_path), ENCODER, of(NAMES, {"en": ("{}",)}))
    assert other.missing() == [0, 1, 2]


def test_a_damaged_part_is_named(tmp_path: pathlib.Path, encoder: ClipEncoder) -> None:
    work = work_in(tmp_path, NAMES[:3])
    embed_part(work, 0, encoder)
    work.part(0).write_bytes(work.part(0).read_bytes()[:-1])
    with pytest.raises(RunFolderError, match=r"part-000000\.npy cannot be read"):
        list(embedded(work))


def embed_all(folder: RunFolder, vocabulary: Vocabulary, reused: RunFolder | None, encoder: ClipEncoder) -> int:
    """A vocabulary as the job leaves it; returns how many concepts were embedded for it."""
    carried = carry(vocabulary, reused)
    missing = carried.missing(vocabulary)
    work = begin(folder.root / "parts", ENCODER, missing)
    for number in work.missing():
        embed_part(work, number, encoder)
    write_concepts(folder, vocabulary.table)
    width, blocks = joined(carried, work)
    write_embeddings(folder, (len(vocabulary), width), blocks)
    finish_vocabulary(folder, {}, prompts_mark(vocabulary))
    return len(missing)


@pytest.mark.parametrize(
    ("now", "embeds"),
    [
        (NAMES, 0),
        (["a bird", *NAMES[3:], "a fish"], 2),
        (NAMES[::-1], 0),
        (["one", "two", "three", "four", "five", "six", "seven"], 7),
    ],
)
def test_only_concepts_that_another_run_lacks_are_embedded(
    now: list[str], embeds: int, tmp_path: pathlib.Path, encoder: ClipEncoder
) -> None:
    before, after, anew = (RunFolder(StoragePath.of(tmp_path / name), "f" * 16) for name in ("a", "b", "c"))
    assert embed_all(before, of(NAMES), None, encoder) == len(NAMES)
    assert embed_all(after, of(now), before, encoder) == embeds
    embed_all(anew, of(now), None, encoder)
    np.testing.assert_allclose(read_embeddings(after), read_embeddings(anew), atol=1e-6)
    of_both = [name for name in now if name in NAMES]
    for name in of_both:
        assert (read_embeddings(after)[now.index(name)] == read_embeddings(before)[NAMES.index(name)]).all()


def test_other_prompts_are_other_embeddings(tmp_path: pathlib.Path, encoder: ClipEncoder) -> None:
    before, after = (RunFolder(StoragePath.of(tmp_path / name), "f" * 16) for name in ("a", "b"))
    embed_all(before, of(NAMES), None, encoder)
    assert embed_all(after, of(NAMES, {"en": ("{}",)}), before, encoder) == len(NAMES)
