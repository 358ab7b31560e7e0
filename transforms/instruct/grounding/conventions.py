"""Boxes between conventions: the unit, the order of four numbers, and the picture that they are measured on.

What is stored is xyxy in pixels of the picture as it is seen: upright, after EXIF orientation. Every convention is an
affine map of each axis to that and back, so nothing is lost but what a source rounded.

Shape legend: N boxes, each with the picture that it lies on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from transforms.packing.documents.image_tokens import IMAGE_LIMITS, PixelLimits, resized

Unit = Literal["pixels", "0-1", "0-1000"]
Order = Literal["xyxy", "xywh", "cxcywh", "yxyx"]
#: stored: as the file's rows and columns lie, before EXIF orientation. padded_square: the upright picture in the middle
#: of a square of its longer side, as LLaVA pads it (``expand2square`` of llava/mm_utils.py: offsets rounded down).
#: resized: to the one size that ``size`` names. smart_resized: as Qwen2.5-VL's processor resizes each picture.
Frame = Literal["upright", "stored", "padded_square", "resized", "smart_resized"]
UNITS, ORDERS, FRAMES = get_args(Unit), get_args(Order), get_args(Frame)

_SIDES_TURNED = 5  # EXIF orientations from here on exchange width and height

Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Convention:
    """How a source writes boxes. Raises ValueError for a frame without what it needs."""

    unit: Unit
    order: Order
    frame: Frame
    size: tuple[int, int] | None = None  # width and height in pixels, of the frame resized
    limits: PixelLimits = IMAGE_LIMITS  # of the frame smart_resized

    def __post_init__(self) -> None:
        if (self.frame == "resized") != (self.size is not None):
            raise ValueError("a size belongs to the frame resized, which needs one: width and height in pixels")


#: What rows hold.
STORED_CONVENTION = Convention("pixels", "xyxy", "upright")


@dataclass(frozen=True)
class Pictures:
    """The picture of each box: (N, 2) width and height as seen, and (N,) EXIF orientations (1: as stored)."""

    sizes: NDArray[np.int64]
    orientations: NDArray[np.int64]

    @classmethod
    def of(cls, sizes: ArrayLike, orientations: ArrayLike = 1) -> Pictures:
        """``orientations`` of each, or one of all."""
        array = np.asarray(sizes, np.int64).reshape(-1, 2)
        return cls(array, np.broadcast_to(np.asarray(orientations, np.int64), len(array)))


def to_upright(boxes: ArrayLike, convention: Convention, pictures: Pictures) -> Boxes:
    """(N, 4) numbers as a source writes them → (N, 4) xyxy in upright pixels, not rounded."""
    frames = _frame_sizes(convention, pictures)
    corners = _to_corners(np.asarray(boxes, np.float64).reshape(-1, 4), convention.order)
    corners = corners * np.tile(_unit_pixels(convention.unit, frames), 2)
    match convention.frame:
        case "upright":
            return corners
        case "stored":
            return _turn(corners, frames, pictures.orientations)
        case "padded_square":
            return corners - np.tile(_padding(pictures.sizes), 2)
        case "resized" | "smart_resized":
            return corners * np.tile(pictures.sizes / frames, 2)


def from_upright(boxes: ArrayLike, convention: Convention, pictures: Pictures) -> Boxes:
    """(N, 4) xyxy in upright pixels → (N, 4) numbers in ``convention``, not rounded."""
    frames = _frame_sizes(convention, pictures)
    corners = np.asarray(boxes, np.float64).reshape(-1, 4)
    match convention.frame:
        case "stored":
            corners = _turn(corners, pictures.sizes, _INVERSE[pictures.orientations])
        case "padded_square":
            corners = corners + np.tile(_padding(pictures.sizes), 2)
        case "resized" | "smart_resized":
            corners = corners * np.tile(frames / pictures.sizes, 2)
    return _from_corners(corners / np.tile(_unit_pixels(convention.unit, frames), 2), convention.order)


def _frame_sizes(convention: Convention, pictures: Pictures) -> NDArray[np.float64]:
    """(N, 2) width and height in pixels of what the numbers are measured on."""
    sizes = pictures.sizes.astype(np.float64)
    match convention.frame:
        case "upright":
            return sizes
        case "stored":
            return np.where((pictures.orientations >= _SIDES_TURNED)[:, None], sizes[:, ::-1], sizes)
        case "padded_square":
            return np.repeat(sizes.max(axis=1, keepdims=True), 2, axis=1)
        case "resized":
            return np.broadcast_to(np.asarray(convention.size, np.float64), sizes.shape)
        case "smart_resized":
            return np.stack(resized(sizes[:, 0], sizes[:, 1], convention.limits), axis=1).astype(np.float64)


def _unit_pixels(unit: Unit, frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2) pixels of the frame to one unit."""
    return np.ones_like(frames) if unit == "pixels" else frames / (1.0 if unit == "0-1" else 1000.0)


def _padding(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, 2) pixels left of and above the picture in its square."""
    return np.asarray((sizes.max(axis=1, keepdims=True) - sizes) // 2)


def _to_corners(boxes: Boxes, order: Order) -> Boxes:
    match order:
        case "xyxy":
            return boxes
        case "yxyx":
            return boxes[:, [1, 0, 3, 2]]
        case "xywh":
            return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
        case "cxcywh":
            return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)


def _from_corners(corners: Boxes, order: Order) -> Boxes:
    first, last = corners[:, :2], corners[:, 2:]
    match order:
        case "xyxy":
            return corners
        case "yxyx":
            return corners[:, [1, 0, 3, 2]]
        case "xywh":
            return np.concatenate([first, last - first], axis=1)
        case "cxcywh":
            return np.concatenate([(first + last) / 2, last - first], axis=1)


#: EXIF orientation → the orientation that undoes it: only the two quarter turns, 6 and 8, undo each other.
_INVERSE = np.array([0, 1, 2, 3, 4, 5, 8, 7, 6])


def _turn(corners: Boxes, sizes: NDArray[np.float64] | NDArray[np.int64], orientations: NDArray[np.int64]) -> Boxes:
    """Corners on pictures of ``sizes`` → the same places after each is turned as its EXIF orientation says.

    Tag 0x0112 of EXIF 2.32: 2 mirrors, 3 turns by 180 degrees, 4 flips, 5 transposes, 6 turns clockwise, 7 transposes
    the other way, 8 turns counter-clockwise.
    """
    across = np.isin(orientations, (2, 3, 7, 8))[:, None]  # x counts from the other side, before axes are exchanged
    down = np.isin(orientations, (3, 4, 6, 7))[:, None]
    x, y = corners[:, 0::2], corners[:, 1::2]
    x = np.where(across, sizes[:, :1] - x[:, ::-1], x)
    y = np.where(down, sizes[:, 1:] - y[:, ::-1], y)
    turned = (orientations >= _SIDES_TURNED)[:, None]
    x, y = np.where(turned, y, x), np.where(turned, x, y)
    return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)
