"""The encoder's input is the one that open_clip's own preprocessing makes."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from tests.transforms.images.pictures import encoded, pixels, scene
from tests.transforms.images.real_photos import needs_real_data, photo_files
from transforms.images.header import ImageFault
from transforms.images.preprocess import PreparedImage, Preprocessor
from transforms.rejects import Reason


def prepared(preprocessor: Preprocessor, data: bytes) -> PreparedImage:
    image = preprocessor(data)
    assert isinstance(image, PreparedImage), image
    return image


def difference(data: bytes, **options: Any) -> np.ndarray:
    """Absolute difference to open_clip's own, in steps of 0 to 255."""
    fill = {"fill_color": options.pop("fill")} if "fill" in options else {}
    ours = prepared(Preprocessor(**options, fill=fill.get("fill_color", 0)), data).pixels
    settings = PreprocessCfg(mean=(0.0,) * 3, std=(1.0,) * 3, **options, **fill)
    theirs = image_transform_v2(settings, is_train=False)(Image.open(io.BytesIO(data))).numpy()
    expected = np.rint(theirs * 255).astype(int).transpose(1, 2, 0)
    assert ours.shape == expected.shape
    assert ours.flags.c_contiguous
    return np.abs(ours - expected)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(300, 200), (201, 333), (64, 64), (40, 31), (640, 170)], ids=str)
@pytest.mark.parametrize("resize_mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [64, 97])
def test_equals_open_clip(shape: tuple[int, int], resize_mode: str, interpolation: str, size: int) -> None:
    data = encoded(scene(*shape), "PNG")
    found = difference(data, size=size, resize_mode=resize_mode, interpolation=interpolation)
    assert found.max() <= 2
    assert found.mean() < 0.1


@pytest.mark.parametrize("resize_mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("size", [(64, 96), (90, 50), (20, 200)], ids=str)
def test_an_input_that_is_not_square(resize_mode: str, size: tuple[int, int]) -> None:
    for shape in ((300, 200), (150, 401), (900, 100), (60, 350)):
        assert difference(encoded(scene(*shape), "PNG"), size=size, resize_mode=resize_mode).max() <= 2


def test_fill() -> None:
    data = encoded(scene(200, 100), "PNG")
    assert difference(data, size=64, resize_mode="longest", fill=127).max() <= 2
    pixels = prepared(Preprocessor(64, "longest", fill=127), data).pixels
    assert (pixels[0] == 127).all()


@pytest.mark.parametrize("shape", [(3000, 20), (20, 3000), (2999, 31)], ids=str)
def test_a_panorama_is_cropped_before_it_grows(shape: tuple[int, int]) -> None:
    assert difference(encoded(scene(*shape), "PNG"), size=64).max() <= 12  # the halves of odd rests may fall otherwise


def test_a_jpeg_scaled_while_decoded_is_near() -> None:
    for shape in ((401, 301), (777, 512)):
        found = difference(encoded(scene(*shape), "JPEG", quality=90), size=64)
        assert 0 < found.mean() < 1
        assert np.percentile(found, 99) <= 6


def test_the_thumbnail_shows_the_whole_picture_in_grey() -> None:
    for shape in ((400, 200), (200, 400), (90, 900)):
        picture = scene(*shape)
        image = prepared(Preprocessor(64), encoded(picture, "PNG"))
        expected = pixels(picture.resize((32, 32), Image.Resampling.BILINEAR).convert("L"))[:, :, 0]
        assert image.thumbnail.shape == (32, 32)
        assert np.abs(image.thumbnail - expected).mean() < 3


def test_faults_pass_through() -> None:
    fault = Preprocessor(64)(b"junk")
    assert isinstance(fault, ImageFault)
    assert fault.reason == Reason.UNDECODABLE_IMAGE


def test_a_copy_from_another_process_gives_the_same_pixels() -> None:
    preprocessor = Preprocessor(64, "longest", "bilinear", 9)
    data = encoded(scene(300, 211), "JPEG")
    first, second = prepared(preprocessor, data), prepared(pickle.loads(pickle.dumps(preprocessor)), data)
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.thumbnail, second.thumbnail)


@needs_real_data
def test_photographs_are_near_open_clip() -> None:
    for data in photo_files()[::25]:
        assert difference(data, size=224).mean() < 0.5
        assert difference(data, size=64).mean() < 2
