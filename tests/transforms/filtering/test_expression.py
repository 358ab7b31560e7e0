"""Expressions give what Python's own evaluation gives, row by row; what they do not know is refused with its place."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.filtering.expression import parse_expression

SCHEMA = pa.schema(
    [
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("caption", pa.string()),
        ("lang", pa.string()),
        ("caption_similarity", pa.float32()),
    ]
)


def holds(text: str, *rows: dict[str, Any]) -> list[bool]:
    whole = [dict.fromkeys(SCHEMA.names) | row for row in rows]
    found: list[bool] = parse_expression(text).holds(pa.Table.from_pylist(whole, SCHEMA)).to_pylist()
    return found


_NUMBERS = st.one_of(
    st.sampled_from(["width", "height", "caption_similarity"]),
    st.integers(0, 500).map(str),
    st.floats(0, 500, allow_nan=False).map(repr),
)
_TEXTS = st.one_of(st.sampled_from(["caption", "lang"]), st.sampled_from(["'en'", "'zh'", "'a cat'", "''", "'狗'"]))
_numbers = st.recursive(
    _NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda one: f"(-{one})"),
    ),
    max_leaves=5,
)
_ORDER = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
_conditions = st.recursive(
    st.one_of(
        st.tuples(_numbers, _ORDER, _numbers).map(" ".join),
        st.tuples(_numbers, _ORDER, _numbers, _ORDER, _numbers).map(" ".join),
        st.tuples(_TEXTS, _ORDER, _TEXTS).map(" ".join),
        st.tuples(st.sampled_from(["caption", "lang"]), st.sampled_from(["is None", "is not None"])).map(" ".join),
        st.tuples(_TEXTS, st.sampled_from(["in", "not in"]), st.just("['en', 'a cat', '狗']")).map(" ".join),
        st.tuples(_numbers, st.sampled_from(["in", "not in"]), st.just("[1, -2.5, 64]")).map(" ".join),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda one: f"(not {one})"),
    ),
    max_leaves=4,
)
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "width": st.integers(1, 300),
            "height": st.integers(1, 300),
            "caption": st.sampled_from(["a cat", "狗", "", "zh"]),
            "lang": st.sampled_from(["en", "zh", "und"]),
            "caption_similarity": st.floats(-1, 1, width=32),
        }
    ),
    max_size=4,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(_conditions, _rows)
def test_any_expression_gives_what_python_gives(text: str, rows: list[dict[str, Any]]) -> None:
    for row, found in zip(rows, holds(text, *rows), strict=True):
        floats = {name: float(value) if isinstance(value, int) else value for name, value in row.items()}
        try:
            wanted = eval(text, {"__builtins__": {}}, floats)
        except ZeroDivisionError:  # no value here; Python has no such thing to compare with
            continue
        assert found is bool(wanted), (text, row)


def test_what_has_no_value_is_not_true() -> None:
    row = {"width": 10, "height": 0}
    for text in (
        "caption == 'a'",
        "caption != 'a'",
        "not caption == 'a'",
        "caption_similarity > -1",
        "width / height > 1",
        "lang in ['en']",
        "lang not in ['en']",
        "not lang in ['en']",
        "caption_similarity not in [1]",
    ):
        assert holds(text, row) == [False], text
    assert holds("caption is None or caption != 'a'", row, {"caption": "a"}) == [True, False]
    assert holds("lang is null and not (lang in ['en'])", row) == [False]
    assert holds("lang is null or not (lang in ['en'])", row) == [True]
    assert holds("width > 5 or caption_similarity > 0", row) == [True]


def test_products_do_not_overflow() -> None:
    row = {"width": 2**31 - 1, "height": 2**31 - 1}
    assert holds("width * height * width * height > 1e36", row) == [True]
    assert holds("width * height >= 40000", {"width": 200, "height": 200}, {"width": 200, "height": 199}) == [
        True,
        False,
    ]


def test_columns_are_those_that_are_named() -> None:
    assert parse_expression("width > 3 and (height > 2 or width < 1)").columns == ("height", "width")


@pytest.mark.parametrize(
    ("text", "message", "character"),
    [
        ("widht > 3", "there is no column widht; there are key, source", 1),
        ("width > ", "invalid syntax", 8),
        ("width", "a condition is wanted here, and this is a number: compare it", 1),
        ("width > 'a'", "a number is wanted here, and this is a text", 9),
        ("caption + 1 > 2", "a number is wanted here, and this is a text", 1),
        ("len(caption) > 3", "an expression is made of", 1),
        ("width ** 9 > 3", r"of arithmetic there is \+ - \* /", 1),
        ("width > 3 and __import__('os')", "an expression is made of", 15),
        ("caption.upper == 'A'", "an expression is made of", 1),
        ("lang in 'en'", "after `in` stands a list", 9),
        ("lang in ['en', 3]", "a text is looked for in this list", 16),
        ("width in [height]", "a number or a text in quotes", 11),
        ("lang == None", "nothing equals None: write `is None`", 9),
        ("lang is 'en'", "stand before None only", 9),
        ("True", "a number or a text in quotes", 1),
        ("'狗' == caption and heigth > 1", "there is no column heigth", 20),
        ("(width > 1\n and heigth > 1)", "there is no column heigth", 17),
        ("(width > 1) == (height > 1)", "a condition cannot be compared", 2),
        ("width > 1" + "0" * 400, "this number is too large", 9),
        (" width >\n (lambda: 3)", "an expression is made of|invalid syntax", None),
        ("", "invalid syntax", 1),
    ],
)
def test_what_is_not_known_is_refused_with_its_place(text: str, message: str, character: int | None) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_expression(text)
    if character is not None:
        assert f"at character {character}:" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["not " * 400 + "width > 1", "(" * 300 + "width" + ")" * 300 + " > 1", "-" * 1500 + "1 < 2", "x" * 5000]
)
def test_no_text_is_too_deep_for_an_answer(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested|cannot be read|at most|too many"):
        parse_expression(text)
