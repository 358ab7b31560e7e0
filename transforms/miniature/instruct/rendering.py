"""A row and its painted pictures → what is written of it: turns without marks, images, and where boxes stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from transforms import keyed
from transforms.miniature.instruct.boxes import Box, write
from transforms.miniature.instruct.dialogue import Turn
from transforms.miniature.instruct.faults import OF_IMAGES, Fault
from transforms.miniature.instruct.marks import fill, marked
from transforms.miniature.instruct.painting import Painted, name_of
from transforms.miniature.instruct.rows import Picture, Row
from transforms.miniature.instruct.sources import BY_NAME
from transforms.miniature.instruct.spoiling import spoilt_box, spoilt_image, spoilt_turns, with_spoilt_choices


@dataclass(frozen=True)
class Image:
    """A picture under a name in its source. ``data`` is None where the file is to be missing."""

    name: str
    data: bytes | None
    painted: Painted


@dataclass(frozen=True)
class WrittenBox:
    """An upright box in pixels that is named in turn ``message``."""

    message: int
    image: int
    box: Box


@dataclass(frozen=True)
class Rendered:
    row: Row
    turns: list[Turn]
    images: list[Image]
    boxes: list[WrittenBox]


def render(seed: int, row: Row, painted: dict[Picture, Painted]) -> Rendered:
    """What the source's files are to hold of the row, in no shape yet."""
    row = with_spoilt_choices(row)
    shown = [painted[picture] for picture in row.pictures]
    planned, turns, boxes = spoilt_turns(row), [], []
    for message, turn in enumerate(planned):
        turns.append(replace(turn, text=None if turn.text is None else fill(turn.text, _box_writer(row, shown))))
        boxes += [WrittenBox(message, p, shown[p].boxes[e]) for p, e in marked(turn.text or "")]
    images = [_image(seed, row, picture, one) for picture, one in zip(row.pictures, shown, strict=True)]
    return Rendered(row, turns, images, boxes)


def _image(seed: int, row: Row, picture: Picture, painted: Painted) -> Image:
    extension = painted.extension
    if row.fault not in (*OF_IMAGES, Fault.WRONG_EXTENSION):
        return Image(f"{name_of(seed, picture)}.{extension}", painted.data, painted)
    stem = f"{keyed.hash64(seed, 'instruct spoilt picture', row.number):016x}"  # sound rows may show it too
    if row.fault == Fault.WRONG_EXTENSION:
        extension = "png" if extension == "jpg" else "jpg"
    return Image(f"{stem}.{extension}", spoilt_image(row, painted.data), painted)


def _box_writer(row: Row, shown: list[Painted]) -> Callable[[int, int], str]:
    convention = BY_NAME[row.source].convention

    def written(picture: int, element: int) -> str:
        if convention is None:
            raise ValueError(f"{row.source} has no way to write boxes")
        one = shown[picture]
        return write(spoilt_box(row, one.boxes[element], one.size), one.size, one.orientation, convention)

    return written
