"""JSON of unknown origin is read within bounds that do not depend on the interpreter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.bounded_json import MAX_DEPTH, TOO_DEEP, TOO_MANY_DIGITS, check_depth, decode, end_of_value

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(["[", "}", '"', '\\"', "{["])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
)


@given(VALUES)
def test_a_value_is_read(value: object) -> None:
    assert decode(json.dumps(value)) == value


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth_is_met_exactly(brackets: str) -> None:
    opened, closed = ('{"a":', "}") if brackets == "{}" else ("[", "]")
    assert decode(opened * (MAX_DEPTH - 1) + brackets + closed * (MAX_DEPTH - 1))
    with pytest.raises(ValueError, match=TOO_DEEP):
        decode(opened * MAX_DEPTH + brackets + closed * MAX_DEPTH)


def test_brackets_in_texts_are_no_depth() -> None:
    value = ["[" * 1000, {"{" * 1000: 1}]
    assert decode(json.dumps(value)) == value
    check_depth(value, 2000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON .* at character 0"),
        ('{"a": }', "not JSON .* at character 6"),
        ("[" * 100_000, TOO_DEEP),
        ("9" * 5000, TOO_MANY_DIGITS),
    ],
)
def test_what_cannot_be_read_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode(text)


@given(VALUES.filter(lambda value: isinstance(value, list | dict)), st.text())
def test_where_a_value_ends(value: object, behind: str) -> None:
    text = json.dumps(value)
    assert end_of_value(f"x{text}{behind}", 1) == 1 + len(text)
    assert end_of_value(text[:-1], 0) is None
