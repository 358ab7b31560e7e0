"""Stages may be left out and reordered, but never so that one sees too much or too little."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.instruct.stage_order import check_order
from transforms.stages import INSTRUCT_CHAIN

ALL = [stage.name for stage in INSTRUCT_CHAIN]
MAY_BE_OFF = [stage.name for stage in INSTRUCT_CHAIN if stage.may_be_off]


def test_the_chain_as_it_is_declared_is_safe() -> None:
    check_order(ALL)


@given(st.sets(st.sampled_from(MAY_BE_OFF)))
def test_what_may_be_off_is_missed_only_by_what_needs_it(off: set[str]) -> None:
    left = [name for name in ALL if name not in off]
    missed = [
        name
        for stage in INSTRUCT_CHAIN
        if stage.name in left
        for name in (*stage.needs, *stage.followed_by)
        if name in off
    ]
    if missed:
        with pytest.raises(ValueError, match=r"needs .* before it|has to come after"):
            check_order(left)
    else:
        check_order(left)


@pytest.mark.parametrize(
    ("stages", "why"),
    [
        ([], "standardise cannot be left out"),
        (["standardise", "publish"], "mix cannot be left out"),
        (["standardise", "wash", "mix", "publish"], "no stage is called 'wash'"),
        (["standardise", "safety", "safety", "mix", "publish"], "safety stands there twice"),
        (["safety", "standardise", "mix", "publish"], "standardise is the first stage, and publish the last"),
        (["standardise", "mix", "publish", "safety"], "standardise is the first stage, and publish the last"),
        (["standardise", "validate", "safety", "mix", "publish"], "validate must not run before safety"),
        (["standardise", "duplicates", "answers", "mix", "publish"], "duplicates must not run before answers"),
        (["standardise", "split", "duplicates", "mix", "publish"], "split needs duplicates before it"),
        (["standardise", "templates", "categorise", "mix", "publish"], "templates must not run before categorise"),
        (["standardise", "mix", "categorise", "publish"], "nothing but publish comes after mix"),
        (["standardise", "rate", "mix", "publish"], "rate needs safety before it"),
        (["standardise", "safety", "rewrite", "mix", "publish"], "safety_again has to come after rewrite"),
        (["standardise", "safety", "rate", "rewrite", "safety_again", "mix", "publish"], "rate must not run before"),
    ],
)
def test_an_unsafe_order_is_named(stages: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_order(stages)


def test_an_order_of_ones_own() -> None:
    check_order(["standardise", "safety", "categorise", "validate", "decontaminate", "duplicates", "mix", "publish"])
