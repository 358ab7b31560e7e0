"""Damaged images: pixels of the stated size or a fault with its reason, the same each time, in bounded work."""

from __future__ import annotations

from hypothesis import given

from tests.fuzz.mutations import fuzzed, mutated, watched
from tests.transforms.images import bombs
from tests.transforms.images.pictures import encoded, scene
from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.images.hashing import content_hash
from transforms.packing.documents.image_bytes import measure_image

SCENE = scene(120, 80)
SETTINGS = DecodeSettings(max_pixels=4_000_000)
SEEDS = [
    bombs.JPEG,
    bombs.PROGRESSIVE,
    bombs.with_exif(bombs.exif_block(3, 20, 200, "<")),
    bombs.with_scans(64, 20),
    bombs.png_with(b"eXIf", bombs.exif_block(2, 20, 100)),
    encoded(SCENE.convert("CMYK"), "JPEG", restart_marker_blocks=2),
    encoded(SCENE.convert("P"), "PNG", transparency=3),
    encoded(SCENE.convert("LA"), "PNG"),
    encoded(SCENE, "WEBP", lossless=True, exif=b"Exif\0\0" + bombs.exif_block(2, 20, 100)),
    encoded(SCENE, "WEBP", save_all=True, append_images=[SCENE.rotate(90)] * 3, quality=40),
    encoded(SCENE, "PNG", save_all=True, append_images=[SCENE.rotate(90)] * 3),
]


@fuzzed
@given(mutated(SEEDS))
def test_images(data: bytes) -> None:
    with watched():
        first, again, scaled = decode(data, SETTINGS), decode(data, SETTINGS), decode(data, SETTINGS, 32)
        measured = measure_image(data)
    if isinstance(first, DecodedImage):
        assert isinstance(again, DecodedImage)
        assert (first.rgb == again.rgb).all()
        assert first.rgb.shape == (first.height, first.width, 3)
        assert first.width * first.height <= SETTINGS.max_pixels
        assert measured[0] == (first.width, first.height)
        assert measured[1] == first.format
        assert isinstance(scaled, DecodedImage)
        assert (scaled.width, scaled.height) == (first.width, first.height)
        assert len(content_hash(data)) == 16
    else:
        assert first == again
        assert first.detail
        assert " at 0x" not in first.detail
