"""What asks for too much work is refused by counts, before it is done; what real files hold passes."""

from __future__ import annotations

import io
import resource
import time
import zlib

import pytest
from PIL import Image

from tests.transforms.images.bombs import (
    JPEG,
    PROGRESSIVE,
    exif_block,
    png_with,
    with_comments,
    with_exif,
    with_scans,
)
from tests.transforms.images.pictures import encoded, scene
from tests.transforms.images.real_photos import needs_real_data, photo_files
from transforms.images.decode import DecodedImage, DecodeSettings, ImageFault, decode
from transforms.images.decoding_bounds import MAX_SCANS, MAX_SEGMENTS, excess_work
from transforms.packing.documents.image_bytes import measure_image
from transforms.rejects import Reason

SETTINGS = DecodeSettings()
PACKED_TEXT = b"a\0\0" + zlib.compress(bytes(1 << 20))


def jpeg_in_tiff(scans: int) -> bytes:
    """One strip, said to be a JPEG, with so many marks of a scan."""
    buffer = io.BytesIO()
    scene(64, 64).save(buffer, "TIFF", compression="jpeg")
    return buffer.getvalue() + b"\xff\xda" * (scans - 1)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (with_scans(1000, 3000), "more than 500 scans over 1000000 pixels"),
        (with_scans(6000, 1000), "more than 27 scans over 36000000 pixels"),
        (with_comments(20_000), "more than 4096 segments"),
        (with_comments(20_000, PROGRESSIVE), "more than 4096 segments"),
        (with_exif(exif_block(5000, 64_000, 65_000)), "EXIF values of 320000000 bytes in a block of 65000"),
        (with_exif(exif_block(2000, 499_000, 500_000, "<")), "EXIF values of 998000002 bytes in a block of 500000"),
        (png_with(b"iCCP", PACKED_TEXT, 300), "more than 256 chunks of compressed metadata"),
        (png_with(b"zTXt", PACKED_TEXT[:-4] + b"aaaa", 300), "more than 256 chunks of compressed metadata"),
        (exif_block(2000, 499_000, 500_000, "<"), "EXIF values of 998000002 bytes in a block of 500000"),
        (b"MM\0+" + bytes(100), "a BigTIFF, whose directories are not looked through"),
        (b"II+\0" + bytes(100), "a BigTIFF, whose directories are not looked through"),
        (jpeg_in_tiff(30), "more than 20 scans a strip or tile, of 1"),
        (png_with(b"eXIf", exif_block(2000, 499_000, 500_000)), "EXIF values of 998000002 bytes in a block of 500000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bombs(data: bytes, detail: str) -> None:
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    assert decode(data, SETTINGS) == ImageFault(Reason.TOO_MUCH_WORK, detail)
    measured = measure_image(data)
    assert time.process_time() - started < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - rss < 50 << 10
    if "27 scans" not in detail:  # packing takes larger images, and so more scans of this one
        assert measured == ImageFault(Reason.TOO_MUCH_WORK, detail)


def test_packed_exif_of_a_png() -> None:
    text = b"\nexif\n500000\n" + exif_block(2000, 400_000, 410_000).hex().encode()
    fault = decode(png_with(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)), SETTINGS)
    assert fault == ImageFault(Reason.TOO_MUCH_WORK, "EXIF values of 800000002 bytes in a block of 410000")


def test_too_many_pixels_are_named_as_such() -> None:
    fault = decode(with_scans(1000, 100), DecodeSettings(max_pixels=10_000))
    assert isinstance(fault, ImageFault)
    assert fault.reason == Reason.TOO_MANY_PIXELS


def test_limits_are_met_exactly() -> None:
    own = PROGRESSIVE.count(b"\xff\xda")
    last = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]
    for scans, allowed in ((MAX_SCANS, True), (MAX_SCANS + 1, False)):
        data = PROGRESSIVE[:-2] + last * (scans - own) + b"\xff\xd9"
        assert (excess_work(data, 10**6) is None) == allowed
    segments = JPEG[: JPEG.index(b"\xff\xda")].count(b"\xff") - 1  # SOI is none
    for more, allowed in ((MAX_SEGMENTS - segments - 1, True), (MAX_SEGMENTS - segments + 1, False)):
        assert (excess_work(with_comments(more), 10**6) is None) == allowed


def test_scans_in_a_thumbnail_or_behind_the_end_are_not_counted() -> None:
    comment = b"\xff\xfe\xff\x00" + b"\xff\xda" * ((0xFF00 - 2) // 2)
    for data in (PROGRESSIVE[:2] + comment + PROGRESSIVE[2:], PROGRESSIVE + with_scans(100, 600)):
        assert isinstance(decode(data, SETTINGS), DecodedImage)


def test_an_animation_costs_its_first_frame() -> None:
    frames = [Image.new("RGB", (64, 64), (n % 256, n // 256, 0)) for n in range(1000)]
    for file_format in ("PNG", "WEBP"):
        stream = io.BytesIO()
        frames[0].save(stream, file_format, save_all=True, append_images=frames[1:])
        started = time.process_time()
        assert isinstance(decode(stream.getvalue(), SETTINGS), DecodedImage)
        assert time.process_time() - started < 0.2


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"icc_profile": bytes(10**6)}, {"exif": b"Exif\0\0MM"}])
def test_ordinary_files_pass(options: dict[str, object]) -> None:
    for mode in ("RGB", "L", "CMYK"):
        assert excess_work(encoded(scene(300, 200).convert(mode), "JPEG", **options), 60_000) is None


@needs_real_data
def test_photographs_pass() -> None:
    for data in photo_files()[::10]:
        assert excess_work(data, SETTINGS.max_pixels) is None
        image = Image.open(io.BytesIO(data))
        progressive = encoded(image, "JPEG", progressive=True)
        assert excess_work(progressive, image.width * image.height) is None
