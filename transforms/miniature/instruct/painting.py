"""Pictures of the plan → encoded files, with the true boxes of what they show."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import groupby

from PIL import Image, ImageDraw

from transforms import keyed
from transforms.miniature.instruct.boxes import Box, Size
from transforms.miniature.instruct.charts import chart_of, draw_chart
from transforms.miniature.instruct.diagrams import diagram_of, draw_diagram
from transforms.miniature.instruct.documents import draw_receipt, receipt_of
from transforms.miniature.instruct.rows import Change, Picture, PictureKind
from transforms.miniature.pictures.drawing import draw_located
from transforms.miniature.pictures.pen import font
from transforms.miniature.pictures.scenes import generator, scene_of

_QUALITY = 88
_ROTATED_SHARE = 0.12  # of the JPEGs: as cameras write them, the orientation in EXIF
_PNG_SHARE = 0.3  # of what is not a scene; scenes are JPEGs
_ORIENTATION = 0x0112  # EXIF's tag

#: What turns an upright picture into the one to be stored under each orientation of EXIF.
_TO_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Painted:
    """A picture as it is written. ``size`` and ``boxes`` are upright pixels; a scene has a box an element."""

    data: bytes
    extension: str
    size: Size
    orientation: int
    boxes: tuple[Box, ...]


def orientation_of(seed: int, picture: Picture) -> int:
    """EXIF orientation, 1 to 8. A picture that was changed was opened by a program, and is stored upright."""
    if picture.kind is not PictureKind.SCENE or picture.change is not Change.NONE:
        return 1
    rng = generator(seed, "instruct orientation", picture.number)
    return int(rng.integers(2, 9)) if rng.random() < _ROTATED_SHARE else 1


def name_of(seed: int, picture: Picture) -> str:
    """A name that tells nothing."""
    identity = (picture.kind, picture.number, picture.sibling, picture.change, str(picture.strength))
    return f"{keyed.hash64(seed, 'instruct picture', *identity):016x}"


def paint(seed: int, pictures: list[Picture]) -> list[tuple[Picture, Painted]]:
    """Paint sorted pictures: each is drawn once, and changed from what was drawn."""
    painted = []
    for (kind, number, sibling), group in groupby(pictures, key=lambda p: (p.kind, p.number, p.sibling)):
        upright, boxes = _drawn(seed, kind, number, sibling)
        painted += [(picture, _changed(seed, picture, upright, boxes)) for picture in group]
    return painted


def _drawn(seed: int, kind: PictureKind, number: int, sibling: int) -> tuple[Image.Image, list[Box]]:
    match kind:
        case PictureKind.SCENE:
            return draw_located(scene_of(seed, number), generator(seed, "instruct drawing", number))
        case PictureKind.CHART:
            return draw_chart(chart_of(seed, number, sibling), seed, number), []
        case PictureKind.DOCUMENT:
            return draw_receipt(receipt_of(seed, number, sibling), seed, number), []
        case PictureKind.DIAGRAM:
            return draw_diagram(diagram_of(seed, number, sibling), seed, number), []


def _changed(seed: int, picture: Picture, upright: Image.Image, boxes: list[Box]) -> Painted:
    width, height = upright.size
    strength = picture.strength
    match picture.change:
        case Change.NONE:
            return _as_found(seed, picture, upright, boxes)
        case Change.REENCODE:
            return _jpeg(upright, round(strength), boxes)
        case Change.RESIZE:
            size = (round(width * strength), round(height * strength))
            across, down = size[0] / width, size[1] / height
            scaled = [(a * across, b * down, c * across, d * down) for a, b, c, d in boxes]
            return _jpeg(upright.resize(size, Image.Resampling.LANCZOS), _QUALITY, scaled)
        case Change.CROP:
            left, top = round(width * strength / 2), round(height * strength / 2)
            right, bottom = left + round(width * (1 - strength)), top + round(height * (1 - strength))
            clipped = [
                (max(a, left) - left, max(b, top) - top, min(c, right) - left, min(d, bottom) - top)
                for a, b, c, d in boxes
            ]
            return _jpeg(upright.crop((left, top, right, bottom)), _QUALITY, clipped)
        case Change.OVERLAY:
            covered = upright.copy()
            band = max(4, round(height * strength))
            draw = ImageDraw.Draw(covered)
            draw.rectangle([0, height - band, width, height], fill=(24, 24, 28))
            draw.text((6, height - band / 2), "sample", fill=(230, 230, 230), font=font(max(6, band - 4)), anchor="lm")
            return _jpeg(covered, _QUALITY, boxes)


def _as_found(seed: int, picture: Picture, upright: Image.Image, boxes: list[Box]) -> Painted:
    rng = generator(seed, f"instruct format {picture.kind} {picture.sibling}", picture.number)
    if picture.kind is not PictureKind.SCENE and rng.random() < _PNG_SHARE:
        buffer = io.BytesIO()
        upright.save(buffer, "PNG")
        return Painted(buffer.getvalue(), "png", upright.size, 1, tuple(boxes))
    return _jpeg(upright, _QUALITY, boxes, orientation_of(seed, picture))


def _jpeg(upright: Image.Image, quality: int, boxes: list[Box], orientation: int = 1) -> Painted:
    buffer = io.BytesIO()
    if orientation == 1:
        upright.save(buffer, "JPEG", quality=quality)
    else:
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        upright.transpose(_TO_STORED[orientation]).save(buffer, "JPEG", quality=quality, exif=exif)
    return Painted(buffer.getvalue(), "jpg", upright.size, orientation, tuple(boxes))
