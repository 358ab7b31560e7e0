"""Pictures are one when every place of them is, and not because their layout is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pixels
from PIL import ImageDraw

from tests.transforms.instruct.decontaminating.small_benchmark import chart, encoded
from transforms.instruct.decontaminating.comparing import _sums, have_one_shape, same_picture
from transforms.instruct.decontaminating.pictures import Picture, decoded, picture_of

MOST = 25.0


def seen(image: Pixels.Image, quality: int = 90) -> Picture:
    found = decoded(encoded(image, quality))
    assert found is not None
    return picture_of(found)


def _banner(image: Pixels.Image, part: float, fill: str = "black") -> Pixels.Image:
    covered = image.copy()
    ImageDraw.Draw(covered).rectangle([0, image.height * (1 - part), *image.size], fill=fill)
    return covered


def _large(number: int) -> Pixels.Image:
    """Smooth, as a photo is; larger than pictures are compared."""
    noise = np.random.default_rng(number).integers(0, 255, (12, 16, 3), np.uint8)
    return Pixels.fromarray(noise).resize((803, 602), Pixels.Resampling.BICUBIC)


@pytest.mark.parametrize("drawn", [chart(1), _large(1)], ids=["chart", "large"])
@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: image.resize((image.width * 6 // 10, image.height * 6 // 10)),
        lambda image: image.crop((image.width // 20, image.height // 9, image.width * 9 // 10, image.height)),
        lambda image: _banner(image, 0.2),
        lambda image: _banner(image, 0.3, "grey"),
    ],
    ids=["same", "smaller", "cropped", "banner", "high banner"],
)
def test_the_same_picture(drawn: Pixels.Image, change: object) -> None:
    assert same_picture(seen(change(drawn), 50), seen(drawn).small(), MOST)  # type: ignore[operator]


def test_other_figures_in_one_layout() -> None:
    one = seen(chart(1)).small()
    assert not any(same_picture(seen(chart(number)), one, MOST) for number in range(2, 12))


def test_one_other_bar_is_another_chart() -> None:
    changed = chart(1)
    ImageDraw.Draw(changed).rectangle([88, 60, 110, 140], fill="white")
    assert not same_picture(seen(changed), seen(chart(1)).small(), MOST)


def test_a_line_of_other_text_at_the_bottom_is_no_banner() -> None:
    first, second = (Pixels.new("RGB", (240, 160), "white") for _ in range(2))
    for image, text in ((first, "TOTAL 18.40"), (second, "TOTAL 96.27")):
        draw = ImageDraw.Draw(image)
        draw.text((20, 20), "Field & Barn", fill="black")
        draw.text((20, 140), text, fill="black")
    assert not same_picture(seen(first), seen(second).small(), MOST)


def test_parts_are_looked_for_only_where_asked() -> None:
    part = seen(chart(1).crop((10, 10, 220, 150)))
    assert same_picture(part, seen(chart(1)).small(), MOST)
    assert not same_picture(part, seen(chart(1)).small(), MOST, parts=False)


def test_proportions() -> None:
    assert have_one_shape((300, 200), (150, 101))
    assert not have_one_shape((300, 200), (200, 300))


def test_sums_of_parts() -> None:
    values = np.arange(35, dtype=np.float64).reshape(5, 7) ** 2
    found = _sums(values, (2, 3))
    assert found.shape == (4, 5)
    assert all(found[y, x] == values[y : y + 2, x : x + 3].sum() for y, x in np.ndindex(4, 5))
