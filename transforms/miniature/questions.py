"""Questions about pictures of one shape, with their answers: a small instruction set whose truth is known.

Records are those of instruction sets: messages, and the names of the images beside them.
"""

from __future__ import annotations

import json

from transforms.miniature.concepts import BY_NAME, COLOURS, SHAPES
from transforms.miniature.drawing import draw, encode_jpeg
from transforms.miniature.scenes import Element, Scene, generator
from transforms.storage import StoragePath

_SIDE_PIXELS = 112
_JPEG_QUALITY = 90
#: Each has twelve answers of equal chances.
_QUESTIONS = {"colour": "<image>What colour is the shape?", "shape": "<image>What shape is in the picture?"}


def question_of(seed: int, index: int) -> tuple[bytes, str, str]:
    """Picture ``index`` of the set ``seed`` as JPEG, a question about it, and the answer."""
    rng = generator(seed, "question", index)
    colour = list(COLOURS)[rng.integers(len(COLOURS))]
    shape = list(SHAPES)[rng.integers(len(SHAPES))]
    element = Element(BY_NAME[f"{colour} {shape}"], (shape,), (colour,))
    picture = draw(Scene(None, (element,), _SIDE_PIXELS, _SIDE_PIXELS), rng)
    kind = list(_QUESTIONS)[rng.integers(len(_QUESTIONS))]
    return encode_jpeg(picture, _JPEG_QUALITY), _QUESTIONS[kind], {"colour": colour, "shape": shape}[kind]


def write_questions(folder: StoragePath, count: int, seed: int) -> None:
    """``records.jsonl`` and the pictures it names. The same bytes for the same arguments."""
    lines = []
    for index in range(count):
        jpeg, question, answer = question_of(seed, index)
        name = f"pictures/{index:06d}.jpg"
        (folder / name).write_bytes(jpeg)
        messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        lines.append(json.dumps({"messages": messages, "images": [name]}) + "\n")
    (folder / "records.jsonl").write_text("".join(lines))
