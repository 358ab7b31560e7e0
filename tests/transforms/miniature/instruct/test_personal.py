"""Checksums against numbers published as examples, and what is planted against them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from transforms.miniature.instruct.personal import KINDS, iban_check, luhn_check, planted_of, resident_id_check
from transforms.miniature.instruct.rows import Language


def luhn(number: str) -> bool:
    """As the standard tells it from the right, on the whole number."""
    total = 0
    for place, digit in enumerate(int(d) for d in reversed(number)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def resident_id(number: str) -> bool:
    """The check of GB 11643-1999: powers of two modulo 11."""
    values = [10 if c == "X" else int(c) for c in number]
    return sum(value * 2 ** (17 - i) for i, value in enumerate(values)) % 11 == 1


def iban(number: str) -> bool:
    turned = number[4:] + number[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


CHECKS = {
    "card": lambda value: luhn(value.replace(" ", "")),
    "resident_id": resident_id,
    "iban": iban,
    "email": lambda value: re.fullmatch(r"[a-z.]+\d+@[a-z.]*example\.(com|org|net)", value) is not None,
    "phone": lambda value: re.fullmatch(r"\(?(\+1 )?\d{3}\)?[ -]555[ -]01\d\d", value) is not None,
    "mobile": lambda value: re.fullmatch(r"1[35-9]\d{9}", value.removeprefix("+86").replace(" ", "")) is not None,
    "key": lambda value: re.fullmatch(r"sk-\w{48}|ghp_\w{36}|AKIA[A-Z2-7]{16}", value) is not None,
}


def test_published_examples():
    assert luhn_check("411111111111111") == "1"
    assert luhn_check("7992739871") == "3"
    assert resident_id_check("11010519491231002") == "X"
    assert iban_check("GB", "WEST12345698765432") == "82"


@pytest.mark.parametrize("kind", KINDS)
def test_the_real_pass_and_look_alikes_do_not(kind):
    for i in range(200):
        language = list(Language)[i % 2]
        rng = np.random.default_rng(i)
        real, sentence = planted_of(kind, True, language, rng)
        alike, other = planted_of(kind, False, language, rng)
        assert real.value in sentence and CHECKS[kind](real.value), real
        assert alike.value in other and not CHECKS[kind](alike.value), alike
        assert (real.is_personal, alike.is_personal) == (True, False)
