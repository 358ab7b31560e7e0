"""What names a concept for good: its language and its normalised form, hashed; nothing of any list it stands in."""

from __future__ import annotations

from collections.abc import Iterable

import xxhash

from concept_vocab.languages.scripts import common_script
from concept_vocab.vocabulary import VocabularyError, normalise

_SEPARATOR = "\0"  # stands in no form


def normal_form(text: str) -> str:
    """As names are normalised, and without case: what two spellings of one concept have in common."""
    return normalise(normalise(text).casefold())


def form_of(text: str, language: str) -> str:
    """What a concept is known by: its normal form in the one script that the language is compared in."""
    return common_script(normal_form(text), language)


def uid_of(language: str, form: str) -> int:
    """64 bits of xxh3 over language and normalised form: the same in every vocabulary that holds the concept."""
    return xxhash.xxh3_64_intdigest(f"{language}{_SEPARATOR}{form}".encode())


def uids_of(language: str, forms: Iterable[str]) -> dict[str, int]:
    """The uid of each form. Raises VocabularyError where two forms have one: once in 10^8 lists of 500,000."""
    forms_by_uid: dict[int, str] = {}
    for form in forms:
        other = forms_by_uid.setdefault(uid_of(language, form), form)
        if other != form:
            raise VocabularyError(f"{other!r} and {form!r} have the same uid; leave one of them out by a block list")
    return {form: uid for uid, form in forms_by_uid.items()}
