from __future__ import annotations

import pytest

from tests.transforms.reporting.synthetic_run import CONFIG, Row, SyntheticRun
from transforms.browsing.comparing import Overlap, compare
from transforms.errors import RunFolderError
from transforms.run_folder import RunState
from transforms.storage import StoragePath


@pytest.fixture
def other(root: StoragePath) -> RunState:
    """As the fixture ``state``, with another method, another vocabulary, and of web's images a in place of b."""
    config = {**CONFIG, "balance": {"method": "uniform", "size": 3}, "extra": 1}
    rows = {
        ("web", "000000"): [Row("a", [0], copies=1), Row("b", [0, 1]), Row("d", [0])],
        ("zh", "000000"): [Row("z", [1, 2], copies=2, lang="zh")],
        ("web", "000001"): [Row("n", [0], copies=1)],
    }
    concepts = [("dog", 4, 2, 2), ("wolf", 2, 1, 1), ("Cat", 2, 1, 2)]
    return SyntheticRun(concepts, rows, config=config).write(root.parent / "other")


def test_two_runs_beside_each_other(state: RunState, other: RunState) -> None:
    found = compare(state, other)
    assert found.names == (str(state.folder.root), str(other.folder.root))
    differing = {one.name: (one.first, one.second) for one in found.settings}
    assert differing["balance.method"] == ("raked", "uniform") and differing["extra"] == ("not there", "1")
    assert "balance.size" not in differing
    assert [stage.name for stage in found.stages] == ["annotate", "deduplicate", "balance"]
    assert found.stages[0].first == state.counts("annotate") and found.stages[0].second == other.counts("annotate")
    assert found.overlap == (Overlap("web", 0, 1, 2), Overlap("zh", 1, 0, 0))
    assert found.total_overlap() == Overlap("all", 1, 1, 2)
    assert found.total_overlap().shared == 1 / 4


def test_concepts_are_matched_by_name_and_language(state: RunState, other: RunState) -> None:
    rows = {row["name"]: row for row in compare(state, other).concepts.to_pylist()}
    assert set(rows) == {"dog", "Cat", "tomcat", "absent", "wolf"}
    assert (rows["dog"]["count_after_first"], rows["dog"]["count_after_second"]) == (1, 2)
    assert (rows["wolf"]["count_before_first"], rows["wolf"]["count_before_second"]) == (None, 2)
    counts = compare(state, other).counts("second")
    assert sorted(counts["count_before"].tolist()) == [2, 2, 4]


def test_what_moved_most_comes_first(state: RunState, other: RunState) -> None:
    moved = compare(state, other).moved()
    assert dict(zip(moved["name"].to_pylist(), moved["change"].to_pylist(), strict=True)) == {
        "tomcat": -2,
        "dog": 1,
        "wolf": 1,
        "Cat": 0,
        "absent": 0,
    }
    assert moved["name"][0].as_py() == "tomcat"


def test_a_run_beside_itself(state: RunState) -> None:
    found = compare(state, state)
    assert found.settings == () and found.total_overlap() == Overlap("all", 2, 0, 0)
    assert not any(found.moved()["change"].to_pylist())


def test_a_run_that_has_not_selected_is_refused(state: RunState, other: RunState) -> None:
    other.forget("balance")
    with pytest.raises(RunFolderError, match="stage balance has not run"):
        compare(state, other)
