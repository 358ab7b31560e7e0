from __future__ import annotations

import datetime
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.cn import ric

from transforms.instruct.safety import personal_data as room
from transforms.instruct.safety.personal_data import KINDS, find_personal

REGIONS = ("US", "CN", "GB")


def found(text: str, is_code: bool = False) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find_personal(text, KINDS, REGIONS, is_code)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "amber.arden1@mail.example.net"),
        ("phone", "(536) 555-0138"), ("phone", "+1 857 555 0175"), ("phone", "212-555-0145"),
        ("phone", "+44 20 7946 0958"),
        ("mobile", "13812345678"), ("mobile", "+86 13867457863"), ("mobile", "186 7781 8859"),
        ("resident_id", "510107196609133223"), ("resident_id", "44030519780828327X"),
        ("card", "4304 6131 9859 9008"), ("card", "5114729255131175"),
        ("iban", "GB61TGRB40863028214306"), ("iban", "GR16 0110 1050 0000 1054 7023 795"),
        ("key", "AKIA62EZXAUKXOBBAGOL"), ("key", "ghp_R4o6ecQDLBCAWgkclKwFdOz1NbFuJUpNbHuo"),
        ("key", "sk-jWORpIv6mmQ0J4aGIBxR5HKiM4pMerKCgI0XfptzlN8KpZGW"),
    ],
)  # fmt: skip
def test_each_kind_in_english_and_chinese(kind: str, value: str) -> None:
    for text in (f"Here: {value}.", f"请记下{value}。", value, f"（{value}）", f'{{"value": "{value}"}}'):
        assert found(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "@dataclass", "A@B.T", "x@7", "logo@2x.png", "2019-03-12", "sum 1234567890", "3.14159113456789",
        "71388644593902", "Order 10070327312.", "4848132801525505", "110101199004225183", "GB55LYXM56965288706922",
        "sk-laurel", "commit c8084382", "sha1 0123456789abcdef0123456789abcdef01234567",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx", "1 + 1 = 2", "192.168.100.100", "ISBN 978-3-16-148410-0",
        "[961, 915, 576, 535]", "arccos(-0.3571428571)", "13812345678 * 2",
        "= 13812345678", "510107197708108281",
    ],
)  # fmt: skip
def test_what_only_looks_like_it(text: str) -> None:
    assert found(text) == [] and found(f"记录：{text}。") == []


def test_a_number_is_one_where_it_is_said_to_be() -> None:
    assert found("Call me: 2125550145") == [("phone", "2125550145")]
    assert found("The sum is 2125550145") == []


def test_code_keeps_what_has_no_checksum() -> None:
    said = "Write `a@b.com` or\n```\nmail('a@b.com', '13812345678')\n```\nor a@b.com."
    assert found(said) == [("email", "a@b.com")]
    assert found("mail('a@b.com', 'AKIA62EZXAUKXOBBAGOL')", is_code=True) == [("key", "AKIA62EZXAUKXOBBAGOL")]


def test_only_the_kinds_that_are_asked_for() -> None:
    assert find_personal("a@b.com, 13812345678", ("mobile",), REGIONS)[0].kind == "mobile"


@settings(deadline=None)
@given(st.integers(0, 10**14 - 1))
def test_cards_by_their_checksum(number: int) -> None:
    digits = f"4{number:014d}"
    right = luhn.calc_check_digit(digits)
    assert found(digits + right)[-1:] == [("card", digits + right)]
    wrong = str((int(right) + 1) % 10)
    assert ("card", digits + wrong) not in found(digits + wrong)


@settings(deadline=None)
@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2039, 12, 31)), st.integers(0, 999))
def test_resident_ids_by_their_checksum(day: datetime.date, order: int) -> None:
    digits = f"110101{day:%Y%m%d}{order:03d}"
    right = ric.calc_check_digit(digits + "0")
    assert found(digits + right) == [("resident_id", digits + right)]
    assert ("resident_id", digits + "0") not in found(digits + "0") or right == "0"


@settings(deadline=None)
@given(st.from_regex(r"[A-Z]{4}[0-9]{14}", fullmatch=True))
def test_accounts_by_their_checksum(account: str) -> None:
    right = iban.calc_check_digits(f"GB00{account}")
    assert found(f"GB{right}{account}") == [("iban", f"GB{right}{account}")]


@settings(deadline=None)
@given(st.text(st.sampled_from("1380@.ab-+() sk电话"), max_size=60))
def test_what_is_found_lies_apart_and_in_order(text: str) -> None:
    places = find_personal(text, KINDS, REGIONS)
    assert all(0 <= one.start < one.end <= len(text) for one in places)
    assert all(one.end <= after.start for one, after in itertools.pairwise(places))


PATTERNS: dict[room.Kind, re.Pattern[str]] = {
    "email": room._EMAIL, "mobile": room._MOBILE, "resident_id": room._RESIDENT_ID, "card": room._CARD, "key": room._KEY
}  # fmt: skip


@pytest.mark.parametrize("kind", PATTERNS)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_looked_for_is_not_passed_over(kind: room.Kind, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(PATTERNS[kind]))
    assert all(room._may_hold(match[0], kind) for match in PATTERNS[kind].finditer(text))
