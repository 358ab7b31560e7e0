"""Replies on disk: whole or not at all, for several processes, with what they cost."""

from __future__ import annotations

import pathlib
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import RunFolderError
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.reply import Reply, reply_of
from transforms.instruct.asking.spending import Amount

KEY = bytes(range(16))
MOST = Amount(100, 1000)


@given(st.text(), st.sampled_from(["answered", "cut", "refused"]), st.integers(0, 10**6))
def test_a_record_is_what_was_kept(text: str, state: str, tokens: int) -> None:
    reply = Reply(text, state, tokens, tokens + 1, "m")  # type: ignore[arg-type]
    data = reply.to_bytes()
    assert Reply.from_bytes(data) == reply
    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= 4
        assert Reply.from_bytes(bytes(broken)) is None


def test_costs_are_a_lower_and_an_upper_bound(tmp_path: pathlib.Path) -> None:
    with ReplyCache.open(tmp_path) as cache:
        first = cache.begin(KEY, "m", MOST)
        assert cache.under_way() == {"m": MOST}
        cache.lose(first, "m", MOST)
        cache.answer(cache.begin(KEY, "m", MOST), KEY, "m", Reply("yes", "answered", 7, 3, "m"))
        cache.free(cache.begin(KEY, "m", MOST))
    with ReplyCache.open(tmp_path) as cache:
        spent = cache.spent()["m"]
        assert (spent.answered, spent.lost) == (1, 1)
        assert spent.known == Amount(7, 3) and spent.most == Amount(107, 1003)
        assert cache.under_way() == {} and cache.repeated == 0
        assert cache.get(KEY) == Reply("yes", "answered", 7, 3, "m") and cache.get(bytes(16)) is None


def test_what_another_living_process_asks_is_not_taken_for_lost(tmp_path: pathlib.Path) -> None:
    with ReplyCache.open(tmp_path) as one:
        number = one.begin(KEY, "m", MOST)
        with ReplyCache.open(tmp_path) as other:
            assert other.repeated == 0 and other.under_way() == {"m": MOST}
        one.answer(number, KEY, "m", Reply("yes"))
        with ReplyCache.read_only(tmp_path) as other:
            assert other.get(KEY) == Reply("yes")


def test_a_damaged_record_is_asked_again(tmp_path: pathlib.Path) -> None:
    with ReplyCache.open(tmp_path) as cache:
        cache.keep(KEY, Reply("yes"))
        with sqlite3.connect(tmp_path / "replies.sqlite") as file:
            file.execute("UPDATE replies SET record = cast(substr(record, 1, length(record) - 1) || x'00' AS BLOB)")
        assert cache.get(KEY) is None and KEY not in cache


def test_files_that_are_none(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RunFolderError, match="no replies"):
        ReplyCache.read_only(tmp_path)
    (tmp_path / "replies.sqlite").write_bytes(b"something else, and long enough to be read as a file" * 100)
    with pytest.raises(RunFolderError, match="damaged"):
        ReplyCache.open(tmp_path)
    (tmp_path / "replies.sqlite").unlink()
    ReplyCache.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "replies.sqlite") as file:
        file.execute("PRAGMA user_version = 9")
    with pytest.raises(RunFolderError, match="version 9"):
        ReplyCache.open(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": []},
        {"choices": [{"message": {"content": None}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": "x"}, "finish_reason": "tool_calls"}]},
        {"choices": "x"},
        [],
    ],
)
def test_bodies_without_a_reply(body: object) -> None:
    assert reply_of(body) is None  # type: ignore[arg-type]


def test_a_reply_is_in_nfc_and_never_in_nfkc() -> None:
    found = reply_of({"choices": [{"message": {"content": "e\u0301 ﬁ １ ²"}, "finish_reason": "length"}]})
    assert found is not None and found.text == "é ﬁ １ ²" and found.state == "cut"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ('<think>\nHm, {"text"}?\n</think>\n\n{"text": "a"}', '{"text": "a"}'),
        ('of that the template began</think> {"text": "a"}', '{"text": "a"}'),
        ("<think>and then it broke off", "<think>and then it broke off"),
        ("the marks <think> and </think> stay", "the marks <think> and </think> stay"),
    ],
)
def test_what_was_thought_is_no_reply(said: str, read: str) -> None:
    found = reply_of({"choices": [{"message": {"content": said}, "finish_reason": "stop"}]})
    assert found is not None and found.text == read
