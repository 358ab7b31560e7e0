"""Blocked words: whole words where words are spaced, any place where they are not; lists as people write them."""

from __future__ import annotations

import pathlib
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import ConfigError
from transforms.filtering.blocked_words import BlockedWords, blocked_words_digest, read_blocked_words


def found(words: list[str], captions: list[str | None]) -> list[bool]:
    rows: list[bool] = BlockedWords(words).occur_in(pa.array(captions, pa.string())).to_pylist()
    return rows


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "caption", "is_found"),
    [
        ("ass", "a classic car", False),
        ("ass", "an ass, grazing", True),
        ("Ass", "AN ASS", True),
        ("ass", "an ａｓｓ", True),  # full-width letters
        ("t-shirt", "a T-shirt", True),
        ("t-shirt", "a t shirt", True),
        ("stock photo", "Stock  photo of a dog", True),
        ("stock photo", "stock of a photo", False),
        ("stock photo", "photo stock", False),
        ("夜店", "北京夜店照片", True),
        ("夜店", "夜 店", False),
        ("café", "un café.", True),
        ("cafe", "un café.", False),
        ("हिन्दी", "यह हिन्दी है", True),
        ("18+", "aged 18", True),
        ("nsfw", "一张nsfw照片", True),
        ("nsfw", "nsfw写真", True),
        ("nsfw", "รูปnsfwครับ", True),
        ("nsfw", "エロnsfwー", True),
        ("nsfw", "一张nsfws照片", False),
        ("18", "18岁", True),
        ("av女优", "看AV女优。", True),
        ("ktv夜店", "在ktv夜店里", True),
        ("stock photo", "库存stock photo图", True),
        ("stock photo", "stock库存photo", False),
        ("dog", None, False),
        ("dog", "", False),
    ],
)
def test_where_a_word_is_found(word: str, caption: str | None, is_found: bool) -> None:
    assert found([word], [caption]) == [is_found]


def test_a_phrase_does_not_go_on_in_the_next_caption() -> None:
    assert found(["stock photo", "夜店"], ["our stock", "photo here", "夜", "店", None, "stock photo"]) == [
        False
    ] * 5 + [True]


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "ab", "b a", "a b c", "狗", "狗猫", "a狗"]), min_size=1, max_size=4),
    st.lists(st.text(st.sampled_from("abc 狗猫-"), max_size=8), max_size=4),
)
def test_any_list_finds_what_a_search_one_by_one_finds(words: list[str], captions: list[str]) -> None:
    for caption, is_found in zip(captions, found(words, captions), strict=True):
        spaced = f" {' '.join(re.findall(r'[a-c]+|[狗猫]+', caption))} "
        wanted = any(word in caption if set(word) & set("狗猫") else f" {word} " in spaced for word in words)
        assert is_found == wanted, (words, caption)


def test_a_list_is_read_without_comments(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeff# not for children\r\n\r\n dog \n夜店\n".encode())
    assert read_blocked_words(str(path)) == ("dog", "夜店")
    before = blocked_words_digest(str(path))
    path.write_text("cat\n")
    assert blocked_words_digest(str(path)) != before


def test_lists_that_cannot_serve(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "words.txt"
    with pytest.raises(ConfigError, match=r"no word list at .*words\.txt"):
        read_blocked_words(str(path))
    for content, message in ((b"# none\n", "names no word"), (b"\xff\xfe", "is not UTF-8"), (b"dog\n--\n", "'--'")):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=message):
            read_blocked_words(str(path))
