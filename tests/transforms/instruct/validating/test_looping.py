from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.instruct.validating.looping import loop_at_end


@settings(deadline=None)
@given(st.text("abcd 多，", max_size=40), st.text("efgh 话。", min_size=1, max_size=20), st.integers(8, 40))
def test_what_repeats_often_and_long_is_found(before: str, unit: str, times: int) -> None:
    text = before + unit * times
    found = loop_at_end(text, 8, 80)
    # what is no letter at the end is left out, with the unit that it belongs to
    long_enough = len(unit) * (times - 1) >= 80 and times > 8
    if long_enough and any(character.isalpha() for character in unit):
        assert found is not None
    if found is not None:
        assert found[0] * 8 in text


@settings(deadline=None)
@given(st.text(max_size=300))
def test_what_is_found_repeats(text: str) -> None:
    found = loop_at_end(text, 8, 80)
    if found is not None:
        assert found[1] >= 8 and found[0] * 8 in text


def test_what_may_repeat() -> None:
    for text in ("= " * 200, "0.3333" * 50, "| --- " * 40, "la la la la la la la la", "Row, row, row your boat. " * 3):
        assert loop_at_end(text, 8, 80) is None


def test_one_loop() -> None:
    assert loop_at_end("Blues " + "and there is more of it " * 30, 8, 80) is not None
    assert loop_at_end("and there is more of it " * 7, 8, 80) is None
