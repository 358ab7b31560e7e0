"""Which samples of the corpus are faulty, and how. A fault depends on the seed and the sample's number alone."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image

from transforms.miniature.pictures.drawing import encode_jpeg, encoded_picture_of
from transforms.miniature.pictures.scenes import generator
from transforms.miniature.settings import MiniatureSettings


class Fault(StrEnum):
    """What is wrong with a sample, named as the reason with which the pipeline is to drop it."""

    TRUNCATED_IMAGE = "truncated_image"
    UNDECODABLE_IMAGE = "undecodable_image"
    EMPTY_IMAGE = "empty_image"
    MISSING_IMAGE = "missing_image"
    MISSING_CAPTION = "missing_caption"
    UNDECODABLE_CAPTION = "undecodable_caption"
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"


@dataclass(frozen=True)
class FaultPlan:
    """What is wrong with a sample, if anything; ``original`` is the number of the sample that a duplicate repeats."""

    fault: Fault | None = None
    original: int | None = None


_DUPLICATES = (Fault.EXACT_DUPLICATE, Fault.NEAR_DUPLICATE)
_ERROR_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"
)
_TRIES = 100  # at most half of the samples are faulty, so a sound one is found at once


def fault_plan_of(settings: MiniatureSettings, index: int) -> FaultPlan:
    """The fault of sample ``index``, and which sound sample it repeats where that is the fault."""
    fault = _fault_of(settings, index)
    if fault not in _DUPLICATES:
        return FaultPlan(fault)
    rng = generator(settings.seed, "original", index)
    for _ in range(_TRIES):
        original = int(rng.integers(settings.images))
        if original != index and _fault_of(settings, original) is None:
            return FaultPlan(fault, original)
    return FaultPlan()  # a corpus too small to hold a sound sample beside this one


def _fault_of(settings: MiniatureSettings, index: int) -> Fault | None:
    chance = generator(settings.seed, "fault", index).random()
    for fault in Fault:
        chance -= getattr(settings.faults, fault)
        if chance < 0:
            return fault
    return None


def spoil(fault: Fault | None, image: bytes, seed: int, index: int) -> bytes | None:
    """The bytes of a sound image, spoilt by ``fault``; None for no image at all. Captions' faults leave it as it is."""
    rng = generator(seed, "spoil", index)
    match fault:
        case Fault.TRUNCATED_IMAGE:
            return image[: int(len(image) * rng.uniform(0.4, 0.8))]
        case Fault.UNDECODABLE_IMAGE:
            return _ERROR_PAGE
        case Fault.EMPTY_IMAGE:
            return b""
        case Fault.MISSING_IMAGE:
            return None
        case _:
            return image


def near_duplicate(settings: MiniatureSettings, original: int, index: int) -> bytes:
    """The original as another site would serve it: a little smaller, and encoded again."""
    rng = generator(settings.seed, "near", index)
    picture = Image.open(io.BytesIO(encoded_picture_of(settings.seed, original)[1]))
    scale = float(rng.uniform(0.82, 0.97))
    smaller = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    return encode_jpeg(smaller, quality=int(rng.integers(70, 83)))
