from __future__ import annotations

import hashlib
import io
import pathlib

import numpy as np
import pytest
from PIL import Image as PillowImage

from transforms.errors import ConfigError
from transforms.instruct.safety.hash_lists import Md5List, PdqList, md5, pdq, read_hashes


def picture(seed: int, quality: int = 95) -> bytes:
    """Patches of grey, large enough to stay through a compression."""
    patches = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    file = io.BytesIO()
    PillowImage.fromarray(np.kron(patches, np.ones((24, 24), np.uint8))).convert("RGB").save(
        file, "JPEG", quality=quality
    )
    return file.getvalue()


def test_lists_are_read(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"# of files\n{'0A' * 16},seen in 2020\n\n{'ff' * 16}\n")
    assert read_hashes(str(path), "md5", "here").tolist() == [[10] * 16, [255] * 16]
    with pytest.raises(ConfigError, match=r"here: line 2 of .* no pdq hash of 64"):
        read_hashes(str(path), "pdq", "here")
    path.write_text("# none\n")
    with pytest.raises(ConfigError, match=r"here: .* holds no hash"):
        read_hashes(str(path), "md5", "here")
    with pytest.raises(ConfigError, match=r"no file at .*: here must name"):
        read_hashes(str(tmp_path / "other"), "md5", "here")


def test_md5_is_of_the_bytes() -> None:
    data = picture(1)
    assert md5(data).hex() == hashlib.md5(data, usedforsecurity=False).hexdigest()
    known = Md5List(np.frombuffer(md5(data), np.uint8)[None])
    assert known.holds([md5(data), md5(data + b"\0")]) == [True, False]


def test_pdq_is_of_what_is_seen() -> None:
    one, compressed, other = pdq(picture(1)), pdq(picture(1, quality=30)), pdq(picture(2))
    assert one is not None and compressed is not None and other is not None
    near = PdqList(np.frombuffer(one, np.uint8)[None], 31)
    assert near.holds([one, compressed, other]) == [True, True, False]
    assert PdqList(np.frombuffer(one, np.uint8)[None], 0).holds([one, other]) == [True, False]
    assert near.holds([]) == []


def test_a_distance_is_in_bits() -> None:
    zeros = np.zeros((1, 32), np.uint8)
    for bits, is_near in ((31, True), (32, False)):
        flipped = np.packbits(np.arange(256) < bits).tobytes()
        assert PdqList(zeros, 31).holds([flipped]) == [is_near]


def test_without_detail_there_is_no_hash() -> None:
    file = io.BytesIO()
    PillowImage.new("RGB", (64, 64), "white").save(file, "PNG")
    assert pdq(file.getvalue()) is None and pdq(b"no image") is None
