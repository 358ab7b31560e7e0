"""What passes through is written and hashed, in small pieces and in large ones."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest

from transforms.hashed_stream import HashedStream


def test_the_hash_is_that_of_what_was_written() -> None:
    below = io.BytesIO()
    stream = HashedStream(below)
    random = np.random.default_rng(0)
    for size in (0, 5, 3 << 20, 7, 1 << 20):
        piece = random.integers(0, 255, (size, 1), dtype=np.uint8)
        assert stream.write(piece if size % 2 else piece.tobytes()) == size
        piece[:] = 0  # the caller may use its buffer again
    assert stream.tell() == stream.size_bytes == len(below.getvalue()) == 5 + (4 << 20) + 7
    assert stream.hexdigest() == hashlib.sha256(below.getvalue()).hexdigest()


def test_a_failing_write_is_raised() -> None:
    below = io.BytesIO()
    below.close()
    with pytest.raises(ValueError, match="closed"):
        HashedStream(below).write(bytes(2 << 20))
