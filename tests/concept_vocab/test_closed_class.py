"""Words that only hold sentences together."""

from __future__ import annotations

from concept_vocab.closed_class import is_closed_class


def test_each_word_has_to_be_one() -> None:
    assert is_closed_class("the", "en") and is_closed_class("don’t", "en") and is_closed_class("out of", "en")
    assert not is_closed_class("the fox", "en") and not is_closed_class("can", "en")
    assert not is_closed_class("the", "fi")
    assert is_closed_class("的", "zh") and is_closed_class("他们", "zh") and not is_closed_class("狐狸", "zh")
