"""Tokens as numbers."""

from __future__ import annotations

import xxhash

from transforms.instruct import token_hashes
from transforms.instruct.token_hashes import hash_of, hashes_of


def test_they_are_those_of_xxh3() -> None:
    texts = [["a", "猫"], [], ["a", "\ud800"]]
    expected = [xxhash.xxh3_64_intdigest(one.encode("utf-8", "surrogatepass")) for text in texts for one in text]
    assert hashes_of(texts).tolist() == expected
    assert [hash_of(one) for text in texts for one in text] == expected


def test_more_tokens_than_are_kept(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(token_hashes, "_MOST_KNOWN", 2)
    monkeypatch.setattr(token_hashes, "_HASHES", token_hashes._Hashes())
    tokens = [str(number) for number in range(20)]
    assert hashes_of([tokens, tokens]).tolist() == 2 * [xxhash.xxh3_64_intdigest(one) for one in tokens]
    assert len(token_hashes._HASHES) <= 2
