"""Names that need not be UTF-8, written down so that Arrow keeps them and nobody takes one for another.

Tars made where names are GBK or Latin-1 hold such names. A byte that is part of no UTF-8 character becomes U+FFFD and
the byte's two hexadecimal digits; every other character stays. A name that holds U+FFFD itself has its three bytes
written so too: so the form is reversible, and different names stay different.
"""

from __future__ import annotations

import codecs
import re

_MARK = "\ufffd"
_MARK_BYTES = _MARK.encode("utf-8")
_MARKED = re.compile(_MARK_BYTES + b"([0-9A-F]{2})")


def _marked(data: bytes) -> str:
    return "".join(f"{_MARK}{byte:02X}" for byte in data)


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _marked(error.object[error.start : error.end]), error.end


codecs.register_error("evenweave_marked", _mark_undecodable)


def decode_name(name: bytes) -> str:
    """Any bytes → valid text; UTF-8 without U+FFFD as it is."""
    if _MARK_BYTES not in name:
        return name.decode("utf-8", "evenweave_marked")
    return _marked(_MARK_BYTES).join(part.decode("utf-8", "evenweave_marked") for part in name.split(_MARK_BYTES))


def encode_name(text: str) -> bytes:
    """The bytes that :func:`decode_name` made the text of."""
    return _MARKED.sub(lambda found: bytes.fromhex(found.group(1).decode()), text.encode("utf-8"))
