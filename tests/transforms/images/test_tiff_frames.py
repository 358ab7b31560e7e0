"""Pages of a TIFF as files of their own: the same pixels, packed as they were; what leads nowhere is refused."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.transforms.images.pictures import scene
from transforms.images.tiff_frames import MOST_FRAMES, TiffError, frame, frame_places

SIZES = [(120, 80), (33, 47), (64, 64)]


def pages(mode: str = "RGB", **options: Any) -> bytes:
    images = [scene(*size).convert(mode) for size in SIZES]
    buffer = io.BytesIO()
    images[0].save(buffer, "TIFF", save_all=True, append_images=images[1:], **options)
    return buffer.getvalue()


def tiff(order: str, *directories: bytes, first: int = 8) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", first) + b"".join(directories)


def directory(order: str, entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    packed = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    return struct.pack(order + "H", len(entries)) + packed + struct.pack(order + "I", following)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "CMYK", "RGBA"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_a_page_keeps_its_pixels_as_they_are_packed(mode: str, compression: str | None) -> None:
    data = pages(mode, compression=compression)
    whole = Image.open(io.BytesIO(data))
    places = frame_places(data)
    assert len(places) == len(SIZES)
    for number, place in enumerate(places):
        whole.seek(number)
        alone = frame(data, place)
        assert frame_places(alone) == [8]
        assert frame(alone, 8) == alone
        with Image.open(io.BytesIO(alone)) as page:
            assert (page.mode, page.size, page.info.get("compression")) == (
                whole.mode,
                SIZES[number],
                whole.info.get("compression"),
            )
            assert np.array_equal(np.asarray(page), np.asarray(whole))
    assert sum(len(frame(data, place)) for place in places) < 1.2 * len(data) + 1000


def test_both_byte_orders_and_tiles() -> None:
    """By hand: one tile of 16 × 16 grey pixels, its values inline, one of them dropped."""
    pixels = bytes(range(256))
    for order in "<>":
        short = (lambda value: value) if order == "<" else (lambda value: value << 16)
        entries = [
            (256, 3, 1, short(16)),
            (257, 3, 1, short(16)),
            (258, 3, 1, short(8)),
            (259, 3, 1, short(1)),
            (262, 3, 1, short(1)),
            (322, 3, 1, short(16)),
            (323, 3, 1, short(16)),
            (324, 4, 1, 500),
            (325, 4, 1, 256),
            (330, 4, 1, 0),
        ]
        data = tiff(order, directory(order, entries)).ljust(500, b"x") + pixels
        alone = frame(data, 8)
        assert len(alone) == 8 + 2 + 9 * 12 + 4 + 256
        assert np.asarray(Image.open(io.BytesIO(alone))).tobytes() == pixels


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no TIFF"),
        (b"\xff\xd8\xff\xe0", "no TIFF"),
        (b"II+\0\x08\0\0\0", "no TIFF"),
        (b"II*\0", "ends inside a directory"),
        (tiff("<", first=900), "ends inside a directory"),
        (tiff("<", directory("<", [], following=8)), "in a circle"),
        (tiff(">", *(directory(">", [], 8 + 6 * number) for number in range(1, MOST_FRAMES + 2))), "more than 4096"),
    ],
)
def test_directories_that_lead_nowhere(data: bytes, said: str) -> None:
    with pytest.raises(TiffError, match=said):
        frame_places(data)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([(256, 3, 1, 4)], "neither in strips nor in tiles"),
        ([(273, 4, 1, 8)], "neither in strips nor in tiles"),
        ([(273, 4, 1, 8), (279, 4, 1, 4), (324, 4, 1, 8), (325, 4, 1, 4)], "neither in strips nor in tiles"),
        ([(273, 4, 1, 8), (279, 4, 1, 400)], "larger than the file"),
        ([(273, 4, 1, 60), (279, 4, 1, 4)], "lies outside the file"),
        ([(273, 4, 0, 8), (279, 4, 0, 4)], "none"),
        ([(273, 5, 1, 8), (279, 4, 1, 4)], "holds no places"),
        ([(258, 3, 100, 8), (273, 4, 1, 8), (279, 4, 1, 4)], "values of tag 258 lie outside"),
        ([(258, 3, 12, 8), (259, 3, 12, 8)], "values of tag 259 lie outside"),  # together more than the file has
    ],
)
def test_pages_that_lead_outside(entries: list[tuple[int, int, int, int]], said: str) -> None:
    data = tiff("<", directory("<", entries))
    with pytest.raises(TiffError, match=said):
        frame(data, 8)


@settings(max_examples=200)
@given(st.integers(0, len(pages()) - 1), st.binary(min_size=1, max_size=8))
def test_damage_is_an_error_or_a_bounded_file(at: int, bytes_there: bytes) -> None:
    data = bytearray(pages())
    data[at : at + len(bytes_there)] = bytes_there
    try:
        for place in frame_places(bytes(data)):
            assert len(frame(bytes(data), place)) <= 3 * len(data)
    except TiffError:
        pass
