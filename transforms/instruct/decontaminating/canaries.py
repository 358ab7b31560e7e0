"""Canaries: rows made of a benchmark's own questions, changed on a fixed grid, to see how many of them are found; and
look-alikes, which share a question, a layout or a template with one and are none."""

from __future__ import annotations

import io
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pixels
from PIL import ImageDraw

from transforms import keyed
from transforms.conversations.document import Image, Message, Text
from transforms.datasets import read_table
from transforms.instruct.decontaminating.fingerprints import SAMPLE
from transforms.instruct.decontaminating.index import BenchmarkPrints
from transforms.instruct.decontaminating.pictures import decoded
from transforms.instruct.decontaminating.wording import is_unspaced, tokens_of
from transforms.instruct.media import Measured, MediaFiles
from transforms.instruct.rows import Medium, Row
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath

_QUALITY = 88  # of pictures that are cropped, resized or covered
_PATCH = 0.2  # of each side
_PATCHES = 16  # places that are tried
_LEAST_CHANGE = 30  # grey levels on average, that a patch has to change: else it is the same picture
_OTHER_WORD = 6  # every so manieth word is another
_OTHER_QUESTION = "What happened just before this picture was made?"


class Asked(NamedTuple):
    """A question of a benchmark, with the bytes of its picture or as text alone."""

    id: str
    question: str
    image: bytes | None


@dataclass(frozen=True)
class Cell:
    """``change`` of the picture by ``strength``, ``wording`` of the question. ``plain``: of a question without one."""

    name: str
    change: str = ""
    strength: float = 0.0
    wording: str = "same"
    then_resize: float = 1.0
    plain: bool = False
    is_look_alike: bool = False


_WORDINGS = ("lower", "upper", "unmarked", "polite")
CANARIES = (
    Cell("image exact"),
    *(Cell(f"image reencode {quality}", "reencode", quality) for quality in (80, 50, 20)),
    *(Cell(f"image crop {part}", "crop", part) for part in (0.02, 0.05, 0.1, 0.2)),
    *(Cell(f"image crop aside {part}", "crop_aside", part) for part in (0.05, 0.1, 0.2)),
    *(Cell(f"image resize {scale}", "resize", scale) for scale in (0.9, 0.6, 0.35)),
    *(Cell(f"image overlay {part}", "overlay", part) for part in (0.08, 0.16, 0.3)),
    *(Cell(f"image exact, wording {how}", wording=how) for how in (*_WORDINGS, "other")),
    Cell("image reencode 50, wording upper", "reencode", 50, "upper"),
    Cell("image crop 0.1, wording other", "crop", 0.1, "other"),
    Cell("image overlay 0.16, wording other", "overlay", 0.16, "other"),
    Cell("image crop 0.1 and resize 0.6", "crop", 0.1, then_resize=0.6),
    *(Cell(f"text {how}", wording=how, plain=True) for how in ("same", *_WORDINGS)),
)
#: Where a server translates: a translation is the wording ``translated`` of its question.
TRANSLATED = (
    Cell("image exact, wording translated", wording="translated"),
    Cell("image crop 0.1, wording translated", "crop", 0.1, "translated"),
    Cell("text translated", wording="translated", plain=True),
)
LOOK_ALIKES = (
    Cell("same question, other picture", "composed", is_look_alike=True),
    Cell("same layout, other figures", "patched", is_look_alike=True),
    Cell("same question, no picture", "none", is_look_alike=True),
    Cell("same template, other words", wording="template", plain=True, is_look_alike=True),
)
#: Said in every certificate: what no cell measures.
NOT_MEASURED = (
    "questions put in other words",
    "pictures that are turned, mirrored or drawn anew, and questions about videos",
)
#: And this, where no server translates.
NOT_TRANSLATED = (
    "translated questions: decontaminate.translated_by names no server to translate them. With the picture they are "
    "found by it, as in the cells of another question; without one they are not"
)


def load_sample(benchmarks: Iterable[BenchmarkPrints], most: int) -> list[Asked]:
    """The ``most`` questions of lowest rank with a picture, and as many long ones, of all benchmarks together."""
    found: list[tuple[int, Asked]] = []
    for benchmark in benchmarks:
        for one in benchmark.files:
            if one.sample is not None:
                rows = read_table(one.sample, benchmark.fingerprint, SAMPLE.names).to_pylist()
                found += [(row["rank"], Asked(row["question_id"], row["question"], row["image"])) for row in rows]
    found.sort(key=lambda entry: entry[0])
    shown = [asked for _, asked in found if asked.image is not None][:most]
    return shown + [asked for _, asked in found if asked.image is None][:most]


def planted(cell: Cell, sample: Sequence[Asked], translations: Mapping[str, str]) -> Iterator[Row]:
    """The rows of one cell, of as many questions as allow it. ``translations``: by question."""
    files = MediaFiles(InstructSource(name="canary", path="canary"), StoragePath.of("/"))
    pool = [asked for asked in sample if (asked.image is None) == cell.plain]
    for number, asked in enumerate(pool):
        others = pool[:number] + pool[number + 1 :]
        key = f"canary/{cell.name}/{number}"
        data = b"" if cell.plain or cell.change == "none" else _pictured(cell, asked, others)
        if data is None or (cell.change == "none" and _is_long(asked.question)):
            continue
        if cell.wording == "translated" and asked.question not in translations:
            continue
        measured = files.measure(key, Medium("image", data=data)) if data else None
        media = (measured.medium,) if isinstance(measured, Measured) else ()
        yield _row(key, _worded(asked.question, cell.wording, others, translations), media)


def _row(key: str, question: str, media: tuple[Medium, ...]) -> Row:
    shown = tuple(Image(place) for place in range(len(media)))
    turns = (Message("user", (*shown, Text(question))), Message("assistant", (Text("…"),)))
    return Row(key, "canary", turns, media=media)


def _is_long(question: str) -> bool:
    return len(tokens_of(question)) >= 13  # then its words are evidence by themselves


def _worded(question: str, how: str, others: Sequence[Asked], translations: Mapping[str, str]) -> str:
    match how:
        case "translated":
            return translations[question]
        case "lower":
            return question.lower()
        case "upper":
            return question.upper()
        case "unmarked":
            return question.translate(str.maketrans("", "", string.punctuation + "，。？：！、；"))
        case "polite":
            is_chinese = is_unspaced(tokens_of(question))
            return f"请帮帮我。{question}" if is_chinese else f"Could you help me, please? {question}"
        case "other":
            return _OTHER_QUESTION
        case "template":
            return _with_other_words(question, others)
        case _:
            return question


def _with_other_words(question: str, others: Sequence[Asked]) -> str:
    """Every sixth word, and every number, is another's."""
    store = [word for other in others for word in tokens_of(other.question)] or ["other"]
    words = tokens_of(question)
    for place, word in enumerate(words):
        if place % _OTHER_WORD == 0 or word.isdigit():
            rank = keyed.hash64("canary words", place, question)
            words[place] = next((one for one in store[rank % len(store) :] if one != word), "other")
    return " ".join(words)


def _pictured(cell: Cell, asked: Asked, others: Sequence[Asked]) -> bytes | None:
    """The picture as the cell has it; None where it does not allow that."""
    if not cell.change:
        return asked.image
    image = _open(asked.image)
    if image is None:
        return None
    if cell.change == "composed":
        return _composed(image, others, asked.question)
    if cell.change == "patched":
        return _patched(image, asked.question)
    changed = _CHANGES[cell.change](image, cell.strength, asked.question)
    if cell.then_resize != 1:
        changed = _resized(changed, cell.then_resize, "")
    return _jpeg(changed, round(cell.strength) if cell.change == "reencode" else _QUALITY)


def _open(data: bytes | None) -> Pixels.Image | None:
    image = None if data is None else decoded(data)
    return None if image is None else Pixels.fromarray(image.rgb)


def _jpeg(image: Pixels.Image, quality: int = _QUALITY) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _resized(image: Pixels.Image, scale: float, _: str) -> Pixels.Image:
    width, height = (max(8, round(side * scale)) for side in image.size)
    return image.resize((width, height), Pixels.Resampling.LANCZOS)


def _cropped(image: Pixels.Image, part: float, _: str, at: tuple[float, float] = (0.5, 0.5)) -> Pixels.Image:
    left, top = (round(side * part * share) for side, share in zip(image.size, at, strict=True))
    width, height = (round(side * (1 - part)) for side in image.size)
    return image.crop((left, top, left + width, top + height))


def _cropped_aside(image: Pixels.Image, part: float, purpose: str) -> Pixels.Image:
    """Anywhere."""
    x, y = _uniforms("crop", purpose, 2)
    return _cropped(image, part, "", (x, y))


def _overlaid(image: Pixels.Image, part: float, _: str) -> Pixels.Image:
    """A dark banner with a word on it, at the bottom."""
    covered, band = image.copy(), max(4, round(image.height * part))
    draw = ImageDraw.Draw(covered)
    draw.rectangle([0, image.height - band, image.width, image.height], fill=(24, 24, 28))
    draw.text((6, image.height - band / 2 - 5), "sample", fill=(230, 230, 230))
    return covered


_CHANGES: dict[str, Callable[[Pixels.Image, float, str], Pixels.Image]] = {
    "reencode": lambda image, _, __: image,
    "resize": _resized,
    "crop": _cropped,
    "crop_aside": _cropped_aside,
    "overlay": _overlaid,
}


def _composed(image: Pixels.Image, others: Sequence[Asked], purpose: str) -> bytes | None:
    """The left half of one other picture beside the right half of another, of the size of ``image``."""
    if len(others) < 2:
        return None
    first = keyed.hash64("canary halves", purpose) % len(others)
    left, right = (_open(others[(first + step) % len(others)].image) for step in (0, 1))
    if left is None or right is None:
        return None
    made, middle = left.resize(image.size), image.width // 2
    made.paste(right.resize(image.size).crop((middle, 0, *image.size)), (middle, 0))
    return _jpeg(made)


def _patched(image: Pixels.Image, purpose: str) -> bytes | None:
    """A part of the picture upside down, there where that changes most; None where it changes little."""
    grey = np.asarray(image.convert("L"), np.int64)
    height, width = (max(4, round(side * _PATCH)) for side in grey.shape)
    places = _uniforms("patch", purpose, 2 * _PATCHES).reshape(-1, 2) * np.array(
        [grey.shape[0] - height, grey.shape[1] - width]
    )
    changes = [_change(grey[top : top + height, left : left + width]) for top, left in places.astype(int).tolist()]
    best = int(np.argmax(changes))
    if changes[best] < _LEAST_CHANGE:
        return None
    top, left = places[best].astype(int).tolist()
    box = (left, top, left + width, top + height)
    made = image.copy()
    made.paste(image.crop(box).transpose(Pixels.Transpose.ROTATE_180), box[:2])
    return _jpeg(made)


def _change(patch: NDArray[np.int64]) -> float:
    return float(np.abs(patch - patch[::-1, ::-1]).mean())


def _uniforms(purpose: str, key: str, count: int) -> NDArray[np.float64]:
    ids = np.array([keyed.hash64(key, place) for place in range(count)], np.uint64)
    return keyed.uniform(0, f"canary {purpose}", ids)
