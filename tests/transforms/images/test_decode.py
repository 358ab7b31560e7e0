"""Every dress of the four formats is decoded as it is meant to be seen; every fault has its reason."""

from __future__ import annotations

import io
import resource
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.transforms.images.pictures import encoded, pixels, png_file, scene
from tests.transforms.images.real_photos import REAL_DATA, needs_real_data, photo_files
from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.images.header import ImageFault
from transforms.reading.listing import list_shards
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason

SETTINGS = DecodeSettings()
SCENE = scene(120, 80)


def decoded(data: bytes, **options: Any) -> DecodedImage:
    image = decode(data, SETTINGS, **options)
    assert isinstance(image, DecodedImage), image
    assert image.rgb.dtype == np.uint8
    assert image.rgb.shape[2] == 3
    return image


def fault(data: bytes, settings: DecodeSettings = SETTINGS) -> ImageFault:
    image = decode(data, settings)
    assert isinstance(image, ImageFault)
    assert image.detail
    return image


def differ(image: DecodedImage, expected: Image.Image) -> float:
    return float(np.abs(image.rgb - pixels(expected)).mean())


@pytest.mark.parametrize(
    ("file_format", "options", "name", "most"),
    [
        ("JPEG", {"quality": 95}, "jpg", 2),
        ("JPEG", {"quality": 95, "progressive": True}, "jpg", 2),
        ("PNG", {}, "png", 0),
        ("WEBP", {"lossless": True}, "webp", 0),
        ("WEBP", {"quality": 95}, "webp", 3),
    ],
)
def test_formats_by_content(file_format: str, options: dict[str, Any], name: str, most: float) -> None:
    image = decoded(encoded(SCENE, file_format, **options))
    assert (image.width, image.height, image.format) == (120, 80, name)
    assert differ(image, SCENE) <= most


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_modes_without_transparency(mode: str) -> None:
    picture = SCENE.convert(mode)
    file_format = "JPEG" if mode == "CMYK" else "PNG"
    assert differ(decoded(encoded(picture, file_format, quality=98)), picture) < (1.5 if mode == "CMYK" else 0.01)


def test_a_grey_jpeg() -> None:
    assert differ(decoded(encoded(SCENE.convert("L"), "JPEG", quality=98)), SCENE.convert("L")) < 1


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}], ids=str)
def test_a_plain_jpeg_is_decoded_to_pillows_own_pixels(mode: str, options: dict[str, Any]) -> None:
    data = encoded(scene(121, 83).convert(mode), "JPEG", **options)
    assert np.array_equal(decoded(data).rgb, pixels(Image.open(io.BytesIO(data))))


def test_ycck_as_adobe_writes_it() -> None:
    # stored: red as Y, Cb, Cr of BT.601, which is C=0 M=255 Y=255, and K=255; Adobe means the inverse of all four: cyan
    stored = (77, 85, 255, 255)
    picture = Image.new("CMYK", (64, 64), tuple(255 - plane for plane in stored))  # Pillow inverts as it writes
    data = bytearray(encoded(picture, "JPEG", quality=100))
    transform = data.index(b"Adobe\0") + 11
    assert data[transform] == 0
    data[transform] = 2  # YCCK
    assert np.abs(decoded(bytes(data)).rgb[32, 32].astype(int) - [0, 255, 255]).max() <= 2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_transparent_pixels_are_white(mode: str, file_format: str) -> None:
    picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    picture.paste((90, 90, 90, 255), (0, 0, 40, 20))
    picture.paste((0, 0, 0, 128), (0, 30, 40, 40))
    image = decoded(
        encoded(picture.convert(mode), file_format, **({"lossless": True} if file_format == "WEBP" else {}))
    )
    assert image.rgb[25, 5].tolist() == [255, 255, 255]
    assert np.abs(image.rgb[5, 5].astype(int) - 90).max() <= 1
    if mode != "P":
        assert np.abs(image.rgb[35, 5].astype(int) - 127).max() <= 1


@pytest.mark.parametrize(("mode", "key"), [("RGB", (10, 20, 30)), ("L", 77)])
def test_a_transparent_colour_is_white(mode: str, key: Any) -> None:
    picture = Image.new(mode, (20, 20), key)
    picture.paste(200 if mode == "L" else (200, 200, 200), (0, 0, 20, 10))
    image = decoded(encoded(picture, "PNG", transparency=key))
    assert (image.rgb[15, 5].tolist(), image.rgb[5, 5].tolist()) == ([255] * 3, [200] * 3)


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bit_pngs_are_scaled_not_clipped(colour: int, channels: int) -> None:
    value = 0x4000 if channels in (1, 3) else 0xFFFF
    row = b"\0" + (value.to_bytes(2, "big") * channels) * 20
    image = decoded(png_file(20, 20, 16, colour, row * 20))
    expected = 0x40 if channels in (1, 3) else 0xFF
    assert np.abs(image.rgb.astype(int) - expected).max() <= 1


def test_of_an_animation_the_first_frame() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    for file_format in ("WEBP", "PNG", "MPO"):
        options = {"lossless": True} if file_format == "WEBP" else {}
        image = decoded(encoded(frames[0], file_format, save_all=True, append_images=frames[1:], **options))
        assert np.abs(image.rgb[16, 16].astype(int) - [255, 0, 0]).max() <= 2
        assert image.format == {"WEBP": "webp", "PNG": "png", "MPO": "jpg"}[file_format]


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("least_side", [None, 40])
def test_exif_orientation(file_format: str, orientation: int, least_side: int | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(SCENE, file_format, exif=exif)
    image = decoded(data, least_side=least_side)
    with Image.open(io.BytesIO(data)) as direct:
        expected = ImageOps.exif_transpose(direct)
    assert (image.width, image.height) == expected.size == ((120, 80) if orientation < 5 else (80, 120))
    scaled = file_format == "JPEG" and least_side is not None
    assert image.rgb.shape[:2] == image.extent
    assert image.rgb.shape[:2] == tuple(side // (2 if scaled else 1) for side in expected.size[::-1])
    assert differ(image, expected.resize(image.rgb.shape[1::-1], Image.Resampling.BOX)) < (4 if scaled else 0.01)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_is_passed_over() -> None:
    decoded(encoded(SCENE, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12broken"))


def test_a_jpeg_scaled_while_decoded_keeps_its_true_size() -> None:
    image = decoded(encoded(scene(501, 375), "JPEG"), least_side=90)
    assert (image.width, image.height) == (501, 375)
    assert image.rgb.shape == (94, 126, 3)
    assert image.extent == (93.75, 125.25)
    assert min(decoded(encoded(scene(501, 375), "JPEG"), least_side=200).rgb.shape[:2]) == 375


@pytest.mark.parametrize("cut_bytes", [1, 2, 3])
def test_a_missing_end_mark_hides_no_pixel(cut_bytes: int) -> None:
    data = encoded(SCENE, "JPEG")
    image = decode(data[:-cut_bytes], SETTINGS)
    if isinstance(image, DecodedImage):
        assert np.array_equal(image.rgb, decoded(data).rgb)
    else:
        assert image.reason == Reason.TRUNCATED_IMAGE


@pytest.mark.parametrize("least_side", [None, 40])
@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"restart_marker_rows": 1}),
        ("PNG", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_a_cut_file_is_never_filled_up(file_format: str, options: dict[str, Any], least_side: int | None) -> None:
    data = encoded(SCENE, file_format, **options)
    whole = decoded(data, least_side=least_side).rgb
    reasons = set()
    for cut in range(16, len(data), max(1, len(data) // 150)):
        image = decode(data[:cut], SETTINGS, least_side)
        if isinstance(image, DecodedImage):
            assert np.array_equal(image.rgb, whole)  # nothing was cut but an end mark or what stands behind it
            assert cut > len(data) - 32
        else:
            reasons.add(image.reason)
    assert reasons == {Reason.TRUNCATED_IMAGE}


@pytest.mark.parametrize(
    "data",
    [b"junk" * 100, b"\0" * 5000, b"<html>not found</html>", encoded(SCENE, "GIF"), encoded(SCENE, "BMP"), b"RIFF"],
)
def test_what_is_no_image_of_the_formats(data: bytes) -> None:
    assert fault(data).reason == Reason.UNDECODABLE_IMAGE


def test_a_damaged_png_is_not_called_truncated() -> None:
    data = bytearray(encoded(SCENE, "PNG"))
    data[60:90] = bytes(30)
    assert fault(bytes(data)).reason == Reason.UNDECODABLE_IMAGE


def test_zero_bytes() -> None:
    assert fault(b"").reason == Reason.EMPTY_IMAGE


def test_a_bomb_is_refused_by_its_header() -> None:
    row_bytes = 30_000 // 8 + 1
    data = png_file(30_000, 30_000, 1, 0, bytes(row_bytes) * 30_000)
    assert len(data) < 1_000_000
    before_kib, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    image = fault(data)
    assert image.reason == Reason.TOO_MANY_PIXELS
    assert time.perf_counter() - start < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 50_000


def test_limits() -> None:
    data = encoded(SCENE, "PNG")
    assert fault(data, DecodeSettings(max_pixels=120 * 80 - 1)).reason == Reason.TOO_MANY_PIXELS
    assert isinstance(decode(data, DecodeSettings(max_pixels=120 * 80)), DecodedImage)
    assert fault(data, DecodeSettings(min_side=81)).reason == Reason.TOO_SMALL
    assert isinstance(decode(data, DecodeSettings(min_side=80)), DecodedImage)


@given(
    data=st.sampled_from([encoded(SCENE, "JPEG"), encoded(SCENE, "PNG"), encoded(SCENE, "WEBP")]),
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=20),
)
def test_damage_of_any_kind_is_a_fault_or_a_picture(data: bytes, damage: list[tuple[float, int]]) -> None:
    damaged = bytearray(data)
    for place, value in damage:
        damaged[int(place * len(data))] = value
    image = decode(bytes(damaged), SETTINGS)
    assert isinstance(image, (DecodedImage, ImageFault))


@pytest.mark.slow
@needs_real_data
def test_real_images_are_all_decoded() -> None:
    source = SourceSettings(name="real", format="webdataset", path=str(REAL_DATA / "cc12m"))
    for sample in read_samples(list_shards(source)[0], source):
        assert isinstance(sample, RawSample)
        assert sample.metadata is not None
        image = decoded(sample.image)
        assert (image.width, image.height) == (sample.metadata["width"], sample.metadata["height"])
    assert {decoded(data, least_side=128).format for data in photo_files()} == {"jpg"}


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_tiff_is_turned_once(turn: int, compression: str | None) -> None:
    buffer = io.BytesIO()
    picture = SCENE
    picture.save(buffer, "TIFF", compression=compression, tiffinfo={0x0112: turn})
    exif = Image.Exif()
    exif[0x0112] = turn
    lossless = io.BytesIO()
    picture.save(lossless, "PNG", exif=exif)
    found, wanted = decoded(buffer.getvalue()), decoded(lossless.getvalue())
    assert found.format == "tiff"
    assert found[1:4] == wanted[1:4]
    assert np.array_equal(found.rgb, wanted.rgb)


def test_the_first_page_of_a_tiff_is_shown() -> None:
    buffer = io.BytesIO()
    first, second = SCENE, Image.new("RGB", (50, 60))
    first.save(buffer, "TIFF", save_all=True, append_images=[second])
    assert np.array_equal(decoded(buffer.getvalue()).rgb, np.asarray(SCENE))


@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_a_tiff_of_16_bits_is_scaled(dtype: str) -> None:
    grey = (np.arange(64 * 64).reshape(64, 64) * 16).astype(dtype)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "TIFF")
    assert np.array_equal(decoded(buffer.getvalue()).rgb[..., 0], (grey >> 8).astype(np.uint8))


def test_a_tiff_of_real_numbers_is_refused() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)).save(buffer, "TIFF")
    found = fault(buffer.getvalue())
    assert found.reason == Reason.UNDECODABLE_IMAGE and "no stated range" in found.detail


def test_a_tiff_that_was_cut_is_refused() -> None:
    buffer = io.BytesIO()
    SCENE.save(buffer, "TIFF")
    for end in (4, 100, len(buffer.getvalue()) // 2, len(buffer.getvalue()) - 10):
        assert fault(buffer.getvalue()[:end]).reason == Reason.UNDECODABLE_IMAGE
