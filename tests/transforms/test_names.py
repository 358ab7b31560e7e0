"""Any bytes are a name that Arrow keeps, and come back from it."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.names import decode_name, encode_name

names = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=20).filter(str.isprintable).map(lambda text: text.encode("gbk", "ignore")),
    st.lists(st.sampled_from(["a", "\ufffd", "\ufffdB0", "B0", "\xb0"])).map(lambda parts: "".join(parts).encode()),
)


@given(name=names)
@example(name="狗/猫.jpg".encode("gbk"))
@example(name="\ufffdC3".encode())
def test_a_name_comes_back(name: bytes) -> None:
    text = decode_name(name)
    assert encode_name(pa.array([text])[0].as_py()) == name


@given(names=st.lists(names, unique=True))
def test_different_names_stay_different(names: list[bytes]) -> None:
    assert len({decode_name(name) for name in names}) == len(names)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_utf8_is_left_as_it_is(text: str) -> None:
    assert decode_name(text.encode()) == text


def test_bytes_are_marked() -> None:
    assert decode_name(b"caf\xe9") == "caf\ufffdE9"
