"""A source's JSON is handed on as it was found, or as a string where others could not read it."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.reading.source_record import read_record

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
)


def refuse(constant: str) -> None:
    raise AssertionError(constant)


@given(value=st.dictionaries(st.text(), VALUES), indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_an_object_is_kept_to_the_letter(value: dict, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read_record(text.encode()) == (value, text)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2.50, "b": "\\ud83d"}', "[1, 2]", '"text"', "7"])
def test_what_is_json_is_kept_to_the_letter(text: str) -> None:
    assert read_record(text.encode()).text == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"{", "{"),
        ('{"狗": '.encode(), '{"狗": '),
        (b"caf\xe9", "caf\\xe9"),
        (b'{"similarity": NaN}', '{"similarity": NaN}'),
        (b"[" * 100_000, "[" * 100_000),
        (b"[" * 200 + b"]" * 200, "[" * 200 + "]" * 200),
        (b'{"a":' * 200 + b"1" + b"}" * 200, '{"a":' * 200 + "1" + "}" * 200),
        (b"9" * 5000, "9" * 5000),
        (b'{"a": "\0"}', '{"a": "\0"}'),
    ],
    ids=["broken", "broken Chinese", "latin-1", "nan", "open", "deep list", "deep object", "long number", "nul"],
)
def test_what_others_could_not_read_becomes_a_string(data: bytes, text: str) -> None:
    found = read_record(data).text or ""
    assert json.loads(found) == text
    assert ("狗" in found) == ("狗" in text)  # to be read by people too


def test_values_are_read_where_python_reads_them() -> None:
    values = read_record(b'{"similarity": NaN, "caption": "a"}').values
    assert values is not None
    assert values["caption"] == "a"
    assert math.isnan(values["similarity"])
    assert read_record('{"url": "x"}'.encode("utf-16")) == ({"url": "x"}, '{"url": "x"}')
    assert read_record(b"") == (None, None)
    assert read_record(b"[1]").values is None


@given(data=st.one_of(st.binary(), st.text().map(str.encode), VALUES.map(lambda value: json.dumps(value).encode())))
def test_every_text_stands_inside_an_object(data: bytes) -> None:
    text = read_record(data).text
    if text is None:
        assert not data.strip(b"\xef\xbb\xbf")
    else:
        outer = '{"source_record":' + text + "}"
        outer.encode("utf-8")
        assert "source_record" in json.loads(outer, parse_constant=refuse)
