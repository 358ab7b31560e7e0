"""Documents of every shape, small, for the tests of packing."""

from __future__ import annotations

import os
import pathlib

import pytest

from transforms.conversations.document import Image, Message, Role, Text, Video

_REAL_DATA = pathlib.Path(os.environ.get("EVENWEAVE_REAL_DATA", pathlib.Path(__file__).parents[4] / "shared" / "data"))

needs_instruction_sets = pytest.mark.skipif(
    not (_REAL_DATA / "instruct").is_dir(), reason="no instruction sets: set EVENWEAVE_REAL_DATA to their folder"
)


def instruction_set(name: str) -> pathlib.Path:
    return _REAL_DATA / "instruct" / name


def turn(role: Role, *content: str | Image | Video) -> Message:
    return Message(role, tuple(Text(part) if isinstance(part, str) else part for part in content))
