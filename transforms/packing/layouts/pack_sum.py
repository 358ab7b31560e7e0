"""The sum of a pack: XXH3 in 128 bits over all of its members, the last thing in its last member.

A reader compares it each time it reads the pack: a bit that flips in tokens, labels or a raw image would otherwise be
learnt from.
"""

from __future__ import annotations

from collections.abc import Iterable

import xxhash

_BEFORE, _AFTER = b',"xxh3":"', b'"}'
_TAIL_BYTES = len(_BEFORE) + 32 + len(_AFTER)

Member = tuple[str, bytes]  # ending and bytes


def seal(members: Iterable[Member], about: bytes) -> bytes:
    """``about``, the JSON object of a pack, with the sum of it and the ``members`` before it as its last field."""
    return about[:-1] + _BEFORE + _sum(members, about) + _AFTER


def is_sound(members: Iterable[Member], sealed: bytes) -> bool:
    """Whether ``sealed``, and the ``members`` before it, are what :func:`seal` was given."""
    about = sealed[:-_TAIL_BYTES] + b"}"
    return seal(members, about) == sealed


def _sum(members: Iterable[Member], about: bytes) -> bytes:
    digest = xxhash.xxh3_128()
    for ending, data in (*members, ("json", about)):
        digest.update(f"{ending} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest().encode()
