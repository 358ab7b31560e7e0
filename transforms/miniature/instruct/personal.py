"""Made-up personal data with the checksums of the real, and numbers and names that only look like it."""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np

from transforms.miniature.instruct.rows import Bilingual, Language, Planted

#: ISO 7064 MOD 11-2, as GB 11643-1999 prescribes for identity numbers of residents.
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_LETTERS = string.ascii_letters + string.digits
_GIVEN = (
    "amber", "basil", "cedric", "delia", "elmer", "fern", "gideon", "hazel", "iris", "jasper", "keith", "laurel",
    "miles", "nora", "otis", "pearl",
)  # fmt: skip
_FAMILY = (
    "arden", "brook", "croft", "dale", "eaton", "field", "grange", "heath", "ingle", "kirk", "lowe", "marsh",
    "north", "orchard", "pike", "quinn",
)  # fmt: skip


def luhn_check(digits: str) -> str:
    """The digit that makes ``digits`` a card number (ISO/IEC 7812-1, annex B)."""
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))]
    return str(-sum(n // 10 + n % 10 for n in doubled) % 10)


def resident_id_check(digits: str) -> str:
    """The last character of an identity number of 17 digits."""
    return _ID_CHECKS[sum(int(d) * w for d, w in zip(digits, _ID_WEIGHTS, strict=True)) % 11]


def iban_check(country: str, account: str) -> str:
    """The two check digits (ISO 13616, MOD 97-10)."""
    numeric = "".join(str(int(c, 36)) for c in account + country + "00")
    return f"{98 - int(numeric) % 97:02d}"


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(d) for d in rng.integers(0, 10, count))


def _wrong(rng: np.random.Generator, right: str, choices: str) -> str:
    others = [c for c in choices if c != right]
    return others[rng.integers(len(others))]


def _one(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[rng.integers(len(names))]


def _email(rng: np.random.Generator) -> str:
    """Under the domains that RFC 2606 keeps for examples."""
    domain = ("example.com", "example.org", "mail.example.net")[rng.integers(3)]
    return f"{_one(rng, _GIVEN)}.{_one(rng, _FAMILY)}{rng.integers(1, 999)}@{domain}"


def _phone(rng: np.random.Generator) -> str:
    """555-0100 to 555-0199: kept for fiction in each area of North America."""
    area, last = rng.integers(201, 990), rng.integers(100, 200)
    return (f"({area}) 555-0{last}", f"+1 {area} 555 0{last}", f"{area}-555-0{last}")[rng.integers(3)]


def _mobile(rng: np.random.Generator) -> str:
    """A mobile number of mainland China: eleven digits, of a prefix that is given out."""
    number = ("138", "139", "150", "159", "186", "199")[rng.integers(6)] + _digits(rng, 8)
    return (number, f"+86 {number}", f"{number[:3]} {number[3:7]} {number[7:]}")[rng.integers(3)]


def _resident_id(rng: np.random.Generator) -> str:
    day = f"{rng.integers(1950, 2006)}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}"
    digits = ("110101", "310104", "440305", "510107")[rng.integers(4)] + day + f"{rng.integers(1, 1000):03d}"
    return digits + resident_id_check(digits)


def _card(rng: np.random.Generator) -> str:
    digits = ("4", "51", "6222")[rng.integers(3)]
    digits += _digits(rng, 15 - len(digits))
    number = digits + luhn_check(digits)
    return number if rng.random() < 0.5 else " ".join(number[i : i + 4] for i in range(0, 16, 4))


def _iban(rng: np.random.Generator) -> str:
    account = "".join(string.ascii_uppercase[i] for i in rng.integers(0, 26, 4)) + _digits(rng, 14)
    return "GB" + iban_check("GB", account) + account


def _key(rng: np.random.Generator) -> str:
    prefix, length = (("sk-", 48), ("ghp_", 36), ("AKIA", 16))[rng.integers(3)]
    alphabet = string.ascii_uppercase + "234567" if prefix == "AKIA" else _LETTERS
    return prefix + "".join(alphabet[i] for i in rng.integers(0, len(alphabet), length))


def _like_email(rng: np.random.Generator) -> str:
    return ("@dataclass", "A@B.T", f"@{_one(rng, _GIVEN)}", f"x@{rng.integers(9)}")[rng.integers(4)]


def _like_phone(rng: np.random.Generator) -> str:
    number = f"1{rng.integers(10**8, 10**9)}"
    return (f"2019-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}", f"sum {number}", f"3.14159{number}")[
        rng.integers(3)
    ]


def _like_mobile(rng: np.random.Generator) -> str:
    """Eleven digits of no prefix, or a mobile's amid more."""
    return ("100" + _digits(rng, 8), "7" + "138" + _digits(rng, 8) + "02")[rng.integers(2)]


def _like_resident_id(rng: np.random.Generator) -> str:
    right = _resident_id(rng)
    return right[:-1] + _wrong(rng, right[-1], string.digits)


def _like_card(rng: np.random.Generator) -> str:
    digits = "4" + _digits(rng, 14)
    return digits + _wrong(rng, luhn_check(digits), string.digits)


def _like_iban(rng: np.random.Generator) -> str:
    right = _iban(rng)
    return right[:2] + f"{(int(right[2:4]) + int(rng.integers(1, 90))) % 97:02d}" + right[4:]


def _like_key(rng: np.random.Generator) -> str:
    return (f"sha1 {rng.bytes(20).hex()}", f"sk-{_one(rng, _GIVEN)}", f"commit {rng.bytes(4).hex()}")[rng.integers(3)]


_Maker = Callable[[np.random.Generator], str]
#: Kind → the maker of the real thing, of what looks like it, and the sentence that it stands in.
KINDS: dict[str, tuple[_Maker, _Maker, Bilingual, Bilingual]] = {
    "email": (
        _email, _like_email,
        Bilingual("Send it to {}.", "请发到 {}。"), Bilingual("See {} there.", "参见 {}。"),
    ),
    "phone": (
        _phone, _like_phone,
        Bilingual("Call me at {}.", "请拨打 {}。"), Bilingual("Noted: {}.", "记录：{}。"),
    ),
    "mobile": (
        _mobile, _like_mobile,
        Bilingual("My mobile is {}.", "我的手机号是{}。"), Bilingual("Order {}.", "订单号{}。"),
    ),
    "resident_id": (
        _resident_id, _like_resident_id,
        Bilingual("My identity number is {}.", "我的身份证号是{}。"), Bilingual("Part number {}.", "零件编号{}。"),
    ),
    "card": (_card, _like_card, Bilingual("My card is {}.", "我的卡号是{}。"), Bilingual("Serial {}.", "序列号{}。")),
    "iban": (_iban, _like_iban, Bilingual("Pay to {}.", "请付款到 {}。"), Bilingual("Batch {}.", "批次 {}。")),
    "key": (_key, _like_key, Bilingual("Use the key {}.", "使用密钥 {}。"), Bilingual("It says {}.", "上面写着 {}。")),
}  # fmt: skip


def planted_of(kind: str, is_personal: bool, language: Language, rng: np.random.Generator) -> tuple[Planted, str]:
    """What is planted, and the sentence that holds it."""
    real, alike, sentence, other = KINDS[kind]
    value = (real if is_personal else alike)(rng)
    return Planted(kind, value, is_personal), (sentence if is_personal else other).of(language).format(value)
