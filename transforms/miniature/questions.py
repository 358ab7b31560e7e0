"""Questions about pictures of one thing, with their answers: small instruction sets whose truth is known.

Records are those of instruction sets: messages, and the names of the images beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from transforms.miniature.concepts import BY_NAME, COLOURS, CONCEPTS, SHAPES, Concept, Family
from transforms.miniature.pictures.drawing import draw, encode_jpeg
from transforms.miniature.pictures.scenes import Element, Scene, generator
from transforms.storage import StoragePath

_SIDE_PIXELS = 112
_JPEG_QUALITY = 90
#: Each has twelve answers of equal chances.
_ATTRIBUTES = {"colour": "<image>What colour is the shape?", "shape": "<image>What shape is in the picture?"}

#: Concepts that a picture can show and nothing else, commonest first: a striped star would also be a blue star.
NAMEABLE = tuple(
    concept
    for concept in CONCEPTS
    if concept.family in (Family.SHAPE, Family.OBJECT, Family.WORD, Family.CHART, Family.BACKGROUND)
)
_SHARES = np.array([concept.weight for concept in NAMEABLE]) / sum(concept.weight for concept in NAMEABLE)


class Question(NamedTuple):
    """A picture as JPEG, what is asked about it, and the one right answer."""

    jpeg: bytes
    text: str
    answer: str


def attribute_question(seed: int, index: int) -> Question:
    """Question ``index`` of the set ``seed``: the colour or the shape of a picture's only shape, all equally common."""
    rng = generator(seed, "question", index)
    colour = list(COLOURS)[rng.integers(len(COLOURS))]
    shape = list(SHAPES)[rng.integers(len(SHAPES))]
    kind = list(_ATTRIBUTES)[rng.integers(len(_ATTRIBUTES))]
    jpeg = _draw_alone(BY_NAME[f"{colour} {shape}"], rng)
    return Question(jpeg, _ATTRIBUTES[kind], {"colour": colour, "shape": shape}[kind])


def named_picture(seed: int, index: int, concept: Concept | None = None) -> tuple[bytes, str]:
    """Picture ``index`` of the set ``seed`` as JPEG, and what it shows: ``concept``, or one as common as in corpora."""
    rng = generator(seed, "named picture", index)
    common = NAMEABLE[rng.choice(len(NAMEABLE), p=_SHARES)]
    shown = concept or common
    return _draw_alone(shown, rng), shown.name


def _draw_alone(concept: Concept, rng: np.random.Generator) -> bytes:
    if concept.family is Family.BACKGROUND:
        scene = Scene(concept, (), _SIDE_PIXELS, _SIDE_PIXELS)
    else:
        is_shape = concept.family is Family.SHAPE
        element = Element(concept, concept.parts[1:], concept.parts[:1]) if is_shape else Element(concept)
        scene = Scene(None, (element,), _SIDE_PIXELS, _SIDE_PIXELS)
    return encode_jpeg(draw(scene, rng), _JPEG_QUALITY)


def write_questions(folder: StoragePath, questions: Iterable[Question]) -> None:
    """``records.jsonl`` and the pictures it names. The same bytes for the same questions."""
    lines = []
    for index, question in enumerate(questions):
        name = f"pictures/{index:06d}.jpg"
        (folder / name).write_bytes(question.jpeg)
        messages = [{"role": "user", "content": question.text}, {"role": "assistant", "content": question.answer}]
        lines.append(json.dumps({"messages": messages, "images": [name]}) + "\n")
    (folder / "records.jsonl").write_text("".join(lines))
