"""Which tier a row falls under, and what is done about it."""

from __future__ import annotations

import pathlib

import pytest

from tests.transforms.instruct.decontaminating.small_benchmark import LONG, chart, encoded, judge_of, row
from transforms.instruct.chain.outcome import SafetyFinding
from transforms.instruct.decontaminating.judging import Judge
from transforms.instruct.decontaminating.tiers import Tier
from transforms.rejects import Reason

ASKED = "WHICH BAR OF THE CHART IS NUMBER 2"
PICTURE = encoded(chart(2))
AGAIN = encoded(chart(2).resize((180, 120)), 60)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return judge_of(tmp_path_factory.mktemp("benchmark") / "b")


@pytest.mark.parametrize(
    ("question", "picture", "tier"),
    [
        (ASKED, PICTURE, Tier.SAME_IMAGE_AND_QUESTION),
        (f"Could you help? {ASKED}?", AGAIN, Tier.SAME_IMAGE_AND_QUESTION),
        ("What colour is the first bar?", PICTURE, Tier.SAME_IMAGE),
        ("What colour is the first bar?", AGAIN, Tier.SAME_IMAGE),
        ("Which bar of the chart is number 3?", PICTURE, Tier.SAME_IMAGE),
        (ASKED, encoded(chart(99)), Tier.QUESTION_ONLY),
        (ASKED, None, Tier.QUESTION_ONLY),
        (f"Please: {LONG[0].upper()}", None, Tier.LONG_TEXT),
        ("What colour is the first bar?", encoded(chart(99)), None),
        (LONG[0][:80], None, None),
    ],
)
def test_tier(judge: Judge, question: str, picture: bytes | None, tier: Tier | None) -> None:
    assert [finding.tier for finding in judge([row("k", question, picture)])] == ([] if tier is None else [tier])


def test_long_text_in_an_answer_is_found(judge: Judge) -> None:
    (finding,) = judge([row("k", "Repeat.", answer=f"Here: {LONG[1]}")])
    assert finding.tier is Tier.LONG_TEXT


def test_rows_of_a_batch_do_not_mix(judge: Judge) -> None:
    """Each half of a long question in a row of its own."""
    middle = len(LONG[0]) // 2
    assert not judge([row("a", LONG[0][:middle]), row("b", LONG[0][middle:])])


def test_drop_mark_and_count(tmp_path: pathlib.Path) -> None:
    judge = judge_of(tmp_path / "b", same_image="mark", long_text="off")
    rows = [row("both", ASKED, PICTURE), row("image", "Other?", AGAIN), row("asked", ASKED), row("long", LONG[0])]
    outcome = judge.outcome(judge(rows))
    assert [(one.key, one.reason) for one in outcome.rejects] == [("both", Reason.BENCHMARK_IMAGE_AND_QUESTION)]
    assert "small/q2" in outcome.rejects[0].detail and "the same bytes" in outcome.rejects[0].detail
    (fact,) = outcome.facts
    assert (fact.key, fact.conflicts) == ("image", ("small/q2",))
    assert fact.safety == (SafetyFinding("benchmark_same_image", None, "marked"),)


def test_hashes_alone_find_copies_too(tmp_path: pathlib.Path) -> None:
    judge = judge_of(tmp_path / "b", hashes_alone=True)
    (finding,) = judge([row("k", ASKED, AGAIN)])
    assert finding.tier is Tier.SAME_IMAGE_AND_QUESTION and "fine hash" in finding.evidence
    assert not judge([row("k", "Other?", encoded(chart(99)))])


def test_the_strongest_action_decides(tmp_path: pathlib.Path) -> None:
    judge = judge_of(tmp_path / "b", same_image="count")
    outcome = judge.outcome(judge([row("k", LONG[0], PICTURE)]))
    assert [one.reason for one in outcome.rejects] == [Reason.BENCHMARK_TEXT]
