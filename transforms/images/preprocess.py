"""Pixels as the encoder takes them: open_clip's resize and crop, without its normalisation.

Three things save work: JPEGs are scaled while they are decoded, pixels are resized as bytes by torch's vector code
(whose weights are Pillow's: single pixels differ by 2 of 255 at most), and normalisation is left to the device, which
does a batch at once.

Shape legend: H, W the decoded picture; S_h, S_w the encoder's input.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.images.header import ImageFault

_LUMA_WEIGHTS = np.array([19595, 38470, 7471], dtype=np.uint32)  # 0.299, 0.587 and 0.114 in 16 bits

_THUMBNAIL_SHAPE = (32, 32)  # what the perceptual hash takes: 8 × 8 frequencies, each of 4 samples

#: A JPEG keeps at least twice the pixels of the encoder's input: Pillow's ``reducing_gap`` of 2, "very close to fair
#: resampling" (https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.Image.resize).
_REDUCING_GAP = 2

#: Of a picture longer than this (times the ratio of the input's own sides) only the middle is resized, where the rest
#: is cropped away: a panorama must not grow into a bomb.
_MAX_ASPECT_RATIO = 4


class PreparedImage(NamedTuple):
    """``pixels`` (S_h, S_w, 3) uint8 for the encoder; ``thumbnail`` (32, 32) uint8 grey of the whole picture.

    ``width``, ``height`` and ``format`` are those of the file, as in :class:`transforms.images.decode.DecodedImage`.
    """

    pixels: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8]
    width: int
    height: int
    format: str


@dataclass(frozen=True)
class Preprocessor:
    """Bytes of a file → :class:`PreparedImage` or :class:`ImageFault`; picklable, and free for threads to share.

    The parameters are those of open_clip's ``PreprocessCfg``. ``shortest`` fits the shorter side and crops the middle,
    ``squash`` gives up proportions, ``longest`` fits the longer side and fills the rest.
    """

    size: int | tuple[int, int]  # square, or (S_h, S_w)
    resize_mode: Literal["shortest", "longest", "squash"] = "shortest"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    fill: int = 0
    limits: DecodeSettings = field(default_factory=DecodeSettings)

    def __call__(self, data: bytes) -> PreparedImage | ImageFault:
        image = self.decode(data)
        return image if isinstance(image, ImageFault) else self.prepare(image)

    def decode(self, data: bytes) -> DecodedImage | ImageFault:
        """In as many pixels as the encoder's input needs."""
        return decode(data, self.limits, least_side=_REDUCING_GAP * max(self._target))

    def prepare(self, image: DecodedImage) -> PreparedImage:
        pixels, whole = self.fit(image)
        small = _resize(whole, _THUMBNAIL_SHAPE, "bilinear")
        return PreparedImage(pixels, _luma(small[0].numpy()), image.width, image.height, image.format)

    def fit(self, image: DecodedImage) -> tuple[NDArray[np.uint8], torch.Tensor]:
        """(S_h, S_w, 3) for the encoder, and the whole picture in the fewest pixels at hand, (1, 3, h, w)."""
        whole = torch.from_numpy(image.rgb).unsqueeze(0).permute(0, 3, 1, 2)  # (1, 3, H, W), channels last
        middle = _middle(whole, self._target) if self.resize_mode == "shortest" else whole
        if middle is whole:
            shape = self._resized_shape(image.height, image.width)
            whole = resized = _resize(whole, shape, self.interpolation, image.extent)
        else:
            shape = self._resized_shape(middle.shape[2], middle.shape[3])
            resized = _resize(middle, shape, self.interpolation)
        return _crop_or_fill(resized[0].permute(1, 2, 0).numpy(), self._target, self.fill), whole

    @property
    def _target(self) -> tuple[int, int]:
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    def _resized_shape(self, height: int, width: int) -> tuple[int, int]:
        """Before cropping or filling; rounded as open_clip rounds in each mode."""
        target = self._target
        if self.resize_mode == "squash":
            return target
        if self.resize_mode == "shortest" and target[0] == target[1]:  # torchvision's Resize, which rounds down
            side = target[0]
            return (side, side * width // height) if height <= width else (side * height // width, side)
        choose = min if self.resize_mode == "shortest" else max
        ratio = choose(height / target[0], width / target[1])
        return max(1, round(height / ratio)), max(1, round(width / ratio))


def _middle(picture: torch.Tensor, target: tuple[int, int]) -> torch.Tensor:
    """(1, 3, H, W) → (1, 3, H', W'): what the crop can show, with room to spare; as much off either end."""
    height, width = picture.shape[2:]
    most = _MAX_ASPECT_RATIO * max(target) // min(target)
    spare_height = max(0, height - most * width) // 2
    spare_width = max(0, width - most * height) // 2
    if not spare_height and not spare_width:
        return picture
    return picture[:, :, spare_height : height - spare_height, spare_width : width - spare_width]


def _resize(
    picture: torch.Tensor, shape: tuple[int, int], interpolation: str, extent: tuple[float, float] | None = None
) -> torch.Tensor:
    """(1, 3, H, W) uint8 → (1, 3, *shape) uint8, antialiased. ``extent`` is the part of (H, W) that is to be shown."""
    have = tuple(picture.shape[2:])
    if extent is None or extent == have:
        if have == shape:
            return picture
        return torch.nn.functional.interpolate(picture, shape, mode=interpolation, antialias=True)
    # torch takes the floor of have · scale for the shape: a hair more, lest rounding lose a pixel
    scale = [(to + 1e-4) / part for to, part in zip(shape, extent, strict=True)]
    return torch.nn.functional.interpolate(picture, scale_factor=scale, mode=interpolation, antialias=True)


def _crop_or_fill(pixels: NDArray[np.uint8], target: tuple[int, int], fill: int) -> NDArray[np.uint8]:
    """(H, W, 3) → (S_h, S_w, 3), contiguous: the middle, or in the middle; halves rounded as open_clip does."""
    missing = [max(0, side - have) for side, have in zip(target, pixels.shape, strict=False)]
    if any(missing):
        margins = [(gap // 2, gap - gap // 2) for gap in missing]
        pixels = np.pad(pixels, [*margins, (0, 0)], constant_values=fill)
    top, left = (round((have - side) / 2) for have, side in zip(pixels.shape, target, strict=False))
    return np.ascontiguousarray(pixels[top : top + target[0], left : left + target[1]])


def _luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(3, h, w) → (h, w): ITU-R BT.601, in the fixed point of Pillow's ``convert("L")``."""
    weighted = np.tensordot(_LUMA_WEIGHTS, rgb.astype(np.uint32), axes=1)
    return np.asarray((weighted + 0x8000) >> 16, dtype=np.uint8)
