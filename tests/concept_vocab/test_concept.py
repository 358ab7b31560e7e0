"""What a concept is called for good."""

from __future__ import annotations

import pytest

from concept_vocab import concept
from concept_vocab.concept import normal_form, uid_of, uids_of
from concept_vocab.vocabulary import VocabularyError


@pytest.mark.parametrize(
    ("text", "form"),
    [("Red  Fox", "red fox"), ("CAFE\u0301", "café"), ("Straße", "strasse"), ("ＡＢ", "ａｂ"), ("狗", "狗")],
)
def test_forms(text: str, form: str) -> None:
    assert normal_form(text) == form
    assert normal_form(form) == form


def test_uids_are_of_language_and_form_and_never_change() -> None:
    assert uid_of("en", "red fox") == 0xC930130F25E745D0
    assert len({uid_of("en", "gift"), uid_of("de", "gift"), uid_of("e", "ngift")}) == 3
    assert uids_of("en", ["b", "a", "b"]) == {"b": uid_of("en", "b"), "a": uid_of("en", "a")}


def test_a_collision_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concept, "uid_of", lambda _language, form: len(form))
    with pytest.raises(VocabularyError, match="'cat' and 'dog' have the same uid"):
        uids_of("en", ["cat", "horse", "dog"])
