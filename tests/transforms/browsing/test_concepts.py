from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from transforms.browsing.concepts import (
    commonest_and_rarest,
    ids_named,
    order_rows,
    read_concept_counts,
    search_names,
)
from transforms.errors import InputError, RunFolderError
from transforms.run_folder import RunState


def test_gain_is_1_for_what_a_random_selection_expects(state: RunState) -> None:
    """Three copies of three rows: a concept keeps its images, on average."""
    table = read_concept_counts(state)
    assert table["name"].to_pylist() == ["dog", "Cat", "tomcat", "absent"]
    assert table["gain"].to_pylist() == [pytest.approx(1 / 3), 1.0, 2.0, None]


def test_what_no_image_holds_comes_last(state: RunState) -> None:
    table = read_concept_counts(state)
    assert order_rows(table, "common").tolist() == [0, 1, 2, 3]
    assert order_rows(table, "rare").tolist() == [2, 1, 0, 3]
    assert order_rows(table, "gain").tolist() == [2, 1, 0, 3]


def test_names_are_searched_whatever_their_case(state: RunState) -> None:
    table = read_concept_counts(state)
    assert search_names(table, "cat")["name"].to_pylist() == ["Cat", "tomcat"]
    assert search_names(table, "CAT")["name"].to_pylist() == ["Cat", "tomcat"]
    assert len(search_names(table, "wolf")) == 0


def test_a_concept_is_named_to_the_letter_or_without_its_case(state: RunState) -> None:
    table = read_concept_counts(state)
    assert ids_named(table, "Cat") == ids_named(table, "cat") == [1]
    twice = pa.concat_tables([table, table.set_column(1, "name", pa.array(["DOG", "x", "dog", "x"]))])
    assert ids_named(twice, "dog") == [0, 2]
    with pytest.raises(InputError, match=r"no concept called 'dogs'. Near to it are: dog\."):
        ids_named(table, "dogs")
    with pytest.raises(InputError, match=r"Near to it are: tomcat\."):
        ids_named(table, "omca")
    with pytest.raises(InputError, match=r"Near to it are: none\."):
        ids_named(table, "zzz")


def test_concepts_need_balance(state: RunState) -> None:
    state.forget("balance")
    with pytest.raises(RunFolderError, match="not ready for its concepts to be read: stage balance has not run"):
        read_concept_counts(state)


def counted(*before: int) -> pa.Table:
    return pa.table({"count_before": np.array(before, np.int64)})


def test_extremes_never_name_a_concept_twice_or_an_absent_one() -> None:
    assert commonest_and_rarest(counted(0, 5, 3, 5, 1), shown=12) == ([1, 3], [4, 2])
    assert commonest_and_rarest(counted(9, 8, 7, 6), shown=1) == ([0], [3])
    assert commonest_and_rarest(counted(4), shown=12) == ([0], [])
    assert commonest_and_rarest(counted(0, 0), shown=12) == ([], [])
