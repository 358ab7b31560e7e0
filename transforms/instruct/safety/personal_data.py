"""Personal data in texts, English and Chinese, without a model: what has a form of its own, and a checksum where bare
digits have none.

No pattern looks for the edge of a word, which Chinese has none of: what stands before and after is said by its letters.
A run of digits is only taken for a card, an identity number or an account where its checksum holds, and for a telephone
number where it is written as one or said to be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Literal, NamedTuple, get_args

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType
from stdnum import iban, luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

Kind = Literal["email", "phone", "mobile", "resident_id", "card", "iban", "key"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Of two kinds in one place the earlier: the more that a form asks, the less it is found by chance.
_SUREST: tuple[Kind, ...] = ("key", "resident_id", "iban", "card", "email", "mobile", "phone")
#: Forms of which code is full, and that have no checksum.
_NOT_IN_CODE: tuple[Kind, ...] = ("email", "phone", "mobile")


class Found(NamedTuple):
    """Characters ``start`` to ``end`` of a text."""

    start: int
    end: int
    kind: Kind


#: RFC 5321's local part of 64 characters and RFC 1035's labels of 63; a domain ends in a name of two letters or more.
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+/-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}"
    r"(?!(?:png|jpe?g|gif|svg|webp|js|css|py|html?|md|json|git)(?![A-Za-z0-9]))[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
#: MIIT's ranges begin with 13 to 19; which are given out is asked of phonenumbers. Not amid a longer number or a sum.
_MOBILE = re.compile(
    r"(?<![\dA-Za-z._+*/=$¥€-])(?<![\d.=+*/] )(?:(?:\+|00)86[- ]?)?(1[3-9]\d)([- ]?)(\d{4})\2(\d{4})"
    r"(?![\dA-Za-z]|[.,*/=]\d|[ ]?[%+*/=])"
)
#: As North America writes them: an area and an exchange that begin with 2 to 9 (NANPA).
_NORTH_AMERICAN = re.compile(
    r"(?<![\w.+(-])(?:\+?1[-. ])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}([-.])(?=\d{3}\1)|(?<=1 )[2-9]\d{2} (?=\d{3} ))"
    r"[2-9]\d{2}[-. ]\d{4}(?![\w-]|\.\d)"
)
_MAY_BE_PHONE = re.compile(r"\d[\d().\-/ ]{5,}\d")
_SAYS_PHONE = re.compile(
    r"(?:phone|mobile|cell|call|tel|fax|whatsapp|contact|电话|手机|拨打|致电|联系|传真|热线)[^\n]{0,24}$", re.IGNORECASE
)
#: GB/T 2260: provinces and their like.
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82")
_FIRST_YEAR, _LAST_YEAR = 1890, 2040  # of birth, of people whose number anybody writes
_RESIDENT_ID = re.compile(r"(?<![\dA-Za-z])[1-9]\d{16}[\dXx](?![\dA-Za-z])")
#: ISO/IEC 7812: Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay; 13 to 19 digits, in groups or in
#: one.
_CARD = re.compile(
    r"(?<![\dA-Za-z.])(?<!\d[- ])"
    r"(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|30[0-5]\d|3[68]\d{2}|35\d{2}|6011|65\d{2}|62\d{2})"
    r"(?:\d{9,15}|([- ])\d{4}\1\d{4}\1\d{1,7}|([- ])\d{6}\2\d{4,5})(?![\dA-Za-z]|[- ]\d|\.\d)"
)
#: Digits by what a number begins with; 16 of all others.
_CARD_LENGTHS = {
    "4": (13, 16, 19), "34": (15,), "37": (15,), "30": (14,), "36": (14,), "38": (14,), "62": (16, 17, 18, 19),
}  # fmt: skip
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
#: As their makers publish them for scanners of secrets: OpenAI and Anthropic, GitHub, AWS, Google, Slack, Hugging Face,
#: GitLab, npm, Stripe, SendGrid, Telegram; web tokens (RFC 7519) and private keys (RFC 7468).
_KEY = re.compile(
    r"(?<![A-Za-z0-9_])(?:sk-(?:proj-|ant-[a-z0-9]+-|svcacct-)?[A-Za-z0-9_-]{20,200}|gh[pousr]_[A-Za-z0-9]{36,255}|"
    r"github_pat_[A-Za-z0-9_]{22,255}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}|xox[abeoprs]-[A-Za-z0-9-]{10,250}|"
    r"hf_[A-Za-z0-9]{34}|glpat-[A-Za-z0-9_-]{20}|npm_[A-Za-z0-9]{36}|[rs]k_live_[A-Za-z0-9]{24,99}|"
    r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}|\d{8,10}:AA[A-Za-z0-9_-]{33}|"
    r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})(?![A-Za-z0-9_])"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{40,}-----END (?:[A-Z]+ )?PRIVATE KEY-----"
)
_MAY_HOLD_SOME = re.compile(r"[0-9@_-]")
#: What each finding holds, told in a fraction of the time that looking for it takes; of the others nothing is so plain.
_MANY_DIGITS = re.compile(r"\d(?:[- ]?\d){10}")
_OF_KEYS = ("_", "sk-", "AKIA", "ASIA", "AIza", "xox", "glpat-", "SG.", ":AA", "eyJ", "-----BEGIN ")
_LEAST_DISTINCT = 8  # characters of a key: sk-xxxxxxxx holds the place of one
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)


def find_personal(text: str, kinds: Collection[str], regions: Sequence[str], is_code: bool = False) -> list[Found]:
    """All that is found in ``text``, in its order, without overlaps: of two, what begins first and then is longer.

    ``regions``: ISO 3166 codes of countries whose telephone numbers are known without a country code. ``is_code``: the
    whole text is; else code is what stands between backticks.
    """
    if not _MAY_HOLD_SOME.search(text) and (text.isascii() or not any(map(str.isdigit, text))):
        return []
    found: list[Found] = []
    for kind in KINDS:
        if kind in kinds and _may_hold(text, kind):
            find = partial(_phones, regions=regions) if kind == "phone" else _FINDERS[kind]
            found += (Found(start, end, kind) for start, end in find(text))
    code = [(0, len(text))] if is_code else [match.span() for match in _CODE.finditer(text)]
    sound = (one for one in found if one.kind not in _NOT_IN_CODE or not _is_within(one, code))
    kept: list[Found] = []
    for one in sorted(sound, key=lambda one: (one.start, -one.end, _SUREST.index(one.kind))):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _may_hold(text: str, kind: Kind) -> bool:
    match kind:
        case "email":
            return "@" in text
        case "mobile" | "resident_id" | "card":
            return _MANY_DIGITS.search(text) is not None
        case "key":
            return any(map(text.__contains__, _OF_KEYS))
        case _:
            return True


def _is_within(one: Found, code: Sequence[tuple[int, int]]) -> bool:
    return any(start <= one.start and one.end <= end for start, end in code)


_Spans = Iterator[tuple[int, int]]


def _matching(pattern: re.Pattern[str], is_sound: Callable[[str], bool], text: str) -> _Spans:
    return (match.span() for match in pattern.finditer(text) if is_sound(match[0]))


def _is_mobile(number: str) -> bool:
    parsed = phonenumbers.parse(re.sub(r"^(?:\+|00)86|\D", "", number), "CN")
    types = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in types


def _is_resident_id(number: str) -> bool:
    """Province, day of birth and check (GB 11643-1999); not the county, of which others were there every year."""
    try:
        born = ric.get_birth_date(number)
    except ValidationError:
        return False
    is_sound = _PROVINCE.match(number) is not None and _FIRST_YEAR <= born.year <= _LAST_YEAR
    return is_sound and ric.calc_check_digit(number.upper()) == number[-1].upper()


def _is_card(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    lengths = next((lengths for first, lengths in _CARD_LENGTHS.items() if digits.startswith(first)), (16,))
    return len(digits) in lengths and bool(luhn.is_valid(digits))


def _is_iban(number: str) -> bool:
    return bool(iban.is_valid(number, check_country=False))


def _is_key(key: str) -> bool:
    return len(set(key)) >= _LEAST_DISTINCT


def _phones(text: str, regions: Sequence[str]) -> _Spans:
    """Written as North America writes them; with a plus; of one of ``regions``, where brackets or signs part it, or it
    is said to be one."""
    if not _MAY_BE_PHONE.search(text):
        return
    yield from (match.span() for match in _NORTH_AMERICAN.finditer(text))
    for region in regions:
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            raw = match.raw_string.lstrip("（" if "）" not in match.raw_string else "")
            if raw.count("(") != raw.count(")") or text[: match.start].endswith(("=", "-", ".", "$")):
                continue  # a formula
            is_written = raw.startswith("+") or len(re.findall(r"\d+", raw)) > 2 or "(" in raw
            if is_written or _SAYS_PHONE.search(text[max(0, match.start - 40) : match.start]):
                yield match.end - len(raw), match.end


_FINDERS: dict[Kind, Callable[[str], _Spans]] = {
    "email": partial(_matching, _EMAIL, lambda _: True),
    "mobile": partial(_matching, _MOBILE, _is_mobile),
    "resident_id": partial(_matching, _RESIDENT_ID, _is_resident_id),
    "card": partial(_matching, _CARD, _is_card),
    "iban": partial(_matching, _IBAN, _is_iban),
    "key": partial(_matching, _KEY, _is_key),
}
