"""Annotations of another vocabulary: what is merged is what a full search finds, and only what is new is searched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary
from tests.transforms.annotating.test_retriever import CPU, unit
from transforms.annotating.changed_vocabulary import ChangedVocabulary
from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.retriever import Retriever
from transforms.annotating.settings import RetrievalSettings
from transforms.datasets import list_matrix

WIDTH, USED = 12, 4
NAMES = [f"concept {number}" for number in range(400)]
VECTORS = np.repeat(unit(200, WIDTH, 1), 2, axis=0)  # every score stands twice
IMAGES = unit(40, WIDTH, 2)


def settings(stored: int = 10) -> RetrievalSettings:
    return RetrievalSettings(concepts_per_image=USED, keep_embedding=True, stored_concepts=stored)


def vocabulary(rows: NDArray[np.int64], groups: NDArray[np.int64] | None = None) -> ConceptVectors:
    """``groups``: of each, a number; None: all are alone."""
    names = Vocabulary.from_names([NAMES[row] for row in rows], "en", "mine", {}).table
    first = None if groups is None else np.unique(groups, return_index=True, return_inverse=True)[1:]
    return ConceptVectors(VECTORS[rows], names, groups=None if first is None else first[0][first[1]])


def annotated(concepts: ConceptVectors, stored: int = 10) -> pa.Table:
    return pa.table(Retriever(concepts, settings(stored), CPU).columns(torch.from_numpy(IMAGES)))


def changed(before: ConceptVectors, now: ConceptVectors, stored: int = 10) -> tuple[pa.Table, ChangedVocabulary]:
    change = ChangedVocabulary(before, now, settings(stored), CPU)
    return change.with_new_concepts(annotated(before, stored)), change


def rows_of(seed: int, size: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(len(NAMES))[:size]


def test_of_a_vocabulary_that_grew_only_the_new_ones_are_searched() -> None:
    rows = rows_of(0, 300)
    before, now = vocabulary(rows[:250]), vocabulary(np.sort(rows))
    found, change = changed(before, now)
    assert set(np.sort(rows)[change.added].tolist()) == set(rows[250:].tolist())
    assert change.searched_again == 0
    assert found.equals(annotated(now))


def test_of_a_vocabulary_that_shrank_only_images_that_ran_out_are_searched_for() -> None:
    rows = rows_of(1, 300)
    before, now = vocabulary(rows), vocabulary(rows[100:])
    found, change = changed(before, now)
    assert not len(change.added) and 0 < change.searched_again < len(IMAGES)
    full = annotated(now)
    for name in ("concept_ids", "concept_scores", "embedding"):
        assert found[name].equals(full[name])
    spare, all_spare = (list_matrix(table["spare_concept_ids"]) for table in (found, full))
    assert (spare == -1).any() and (spare[spare != -1] == all_spare[spare != -1]).all()


def test_a_concept_with_another_vector_is_another_concept() -> None:
    rows = rows_of(2, 50)
    before, now = vocabulary(rows), vocabulary(rows)
    now.vectors[7] = -now.vectors[7]
    found, change = changed(before, now)
    assert change.added.tolist() == [7]
    assert found["concept_ids"].equals(annotated(now)["concept_ids"])


def test_nothing_in_common() -> None:
    rows = rows_of(3, 100)
    found, change = changed(vocabulary(rows[:50]), vocabulary(rows[50:]))
    assert len(change.added) == 50 and change.searched_again == len(IMAGES)
    assert found.equals(annotated(vocabulary(rows[50:])))


def test_spellings_with_one_uid_stay_apart() -> None:
    names = ["China", "china", "cup", "jar", "vase"]

    def of(order: list[int]) -> ConceptVectors:
        table = Vocabulary.from_names([names[one] for one in order], "en", "mine", {}).table
        return ConceptVectors(VECTORS[[0, 0, 2, 4, 6]][order], table)

    found, _ = changed(of([0, 1, 2, 3, 4]), of([4, 1, 2, 0, 3]), stored=5)
    ids = list_matrix(found["concept_ids"])
    assert all(len(set(row)) == USED for row in ids.tolist())


@pytest.mark.slow
@given(data=st.data())
def test_used_concepts_are_those_of_a_full_search_and_what_is_spare_is_right(data: Any) -> None:
    """From version to version, with what was merged before."""
    stored = data.draw(st.integers(USED, 14), label="stored")
    rows = rows_of(data.draw(st.integers(0, 50), label="first"), data.draw(st.integers(USED, 60), label="size"))
    before, table = vocabulary(rows), annotated(vocabulary(rows), stored)
    for _ in range(3):
        rows = rows_of(data.draw(st.integers(0, 50), label="next"), data.draw(st.integers(USED, 60), label="size"))
        now = vocabulary(rows)
        table = ChangedVocabulary(before, now, settings(stored), CPU).with_new_concepts(table)
        full = annotated(now, stored)
        assert table["concept_ids"].equals(full["concept_ids"])
        assert table["concept_scores"].equals(full["concept_scores"])
        if stored > USED:
            spare, right = (list_matrix(one["spare_concept_ids"]) for one in (table, full))
            assert ((spare == right) | (spare == -1)).all()
        before = now


@hypothesis_settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_groups_may_come_change_and_go(data: Any) -> None:
    """Who was passed over for another of its group may be the nearest of what is left, or of a group of its own."""
    stored = data.draw(st.integers(USED, 14), label="stored")

    def drawn() -> ConceptVectors:
        rows = rows_of(data.draw(st.integers(0, 50), label="rows"), data.draw(st.integers(USED, 60), label="size"))
        # twins, whose scores are equal, may lie in one group or in two
        sizes, seed = data.draw(st.sampled_from([1, 2, 5, None]), label="a group"), data.draw(st.integers(0, 9))
        if sizes is None:
            return vocabulary(rows)
        numbers = np.random.default_rng(seed).integers(0, max(USED, len(rows) // sizes), len(rows))
        return vocabulary(rows, np.where(np.arange(len(rows)) < USED, -1 - np.arange(len(rows)), numbers))

    before = drawn()
    table = annotated(before, stored)
    for _ in range(3):
        now = drawn()
        table = ChangedVocabulary(before, now, settings(stored), CPU).with_new_concepts(table)
        full = annotated(now, stored)
        assert table["concept_ids"].equals(full["concept_ids"])
        assert table["concept_scores"].equals(full["concept_scores"])
        if stored > USED:
            spare, right = (list_matrix(one["spare_concept_ids"]) for one in (table, full))
            assert ((spare == right) | (spare == -1)).all()
        before = now


def test_without_slack() -> None:
    rows = rows_of(5, 100)
    before, now = vocabulary(rows[:80]), vocabulary(rows[10:])
    found, _ = changed(before, now, stored=USED)
    assert "spare_concept_ids" not in found.column_names
    assert found.equals(annotated(now, USED))
