"""What only tests read: of each written record where it stands, what is true of it and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from transforms.miniature.instruct.benchmark import LOOK_ALIKES, Question, answers
from transforms.miniature.instruct.dialogue import answer_of, question_of
from transforms.miniature.instruct.faults import Fault, fate_of
from transforms.miniature.instruct.painting import name_of
from transforms.miniature.instruct.rendering import Rendered
from transforms.miniature.instruct.rows import DUPLICATES, Language, Row
from transforms.miniature.instruct.sources import Shape, Source
from transforms.miniature.instruct.wordings import Wording, worded
from transforms.miniature.instruct.writers import ROWS_PER_FILE, file_name

_TURN = pa.struct([("role", pa.string()), ("text", pa.string()), ("reasoning", pa.string())])
_ANSWER = pa.struct([("form", pa.string()), ("value", pa.string()), ("choices", pa.list_(pa.string()))])
_IMAGE = pa.struct(
    [
        ("name", pa.string()),
        ("picture", pa.string()),  # equal for all that was drawn once, however it was changed
        ("change", pa.string()),
        ("strength", pa.float32()),
        ("width", pa.int32()),  # upright
        ("height", pa.int32()),
        ("orientation", pa.int8()),  # of EXIF
    ]
)
_BOX = pa.struct(
    [("message", pa.int32()), ("image", pa.int32()), *((edge, pa.float32()) for edge in ("x0", "y0", "x1", "y1"))]
)
_SPAN = pa.struct(
    [
        ("message", pa.int32()),
        ("start", pa.int32()),  # characters of the turn's text, placeholders left out
        ("end", pa.int32()),
        ("kind", pa.string()),
        ("value", pa.string()),
        ("is_personal", pa.bool_()),
    ]
)

ROWS = pa.schema(
    [
        ("key", pa.string()),  # <source>/<position in the source>
        ("source", pa.string()),
        ("file", pa.string()),
        ("position", pa.int64()),  # of the record in its file
        ("category", pa.string()),
        ("language", pa.string()),
        ("licence", pa.string()),  # SPDX
        ("model_terms", pa.string()),  # null: none
        ("turns", pa.list_(_TURN)),  # as written, faults included
        ("answers", pa.list_(_ANSWER)),  # of each exchange, before any fault
        ("images", pa.list_(_IMAGE)),
        ("boxes", pa.list_(_BOX)),  # upright pixels, before any fault
        ("wording", pa.string()),  # how the last answer is written; null: as plainly as it can be
        ("rendering", pa.string()),  # that answer in one rendering, boxes as marks; null without a wording
        ("fault", pa.string()),
        ("fate", pa.string()),  # what a clean mixture does with a row that has a fault
        ("relation", pa.string()),  # to the row that it was made from
        ("original", pa.string()),  # key of that row
        ("duplicate_group", pa.string()),  # key of the original; also on the original
        ("canary", pa.string()),  # id of the benchmark's question
        ("cell", pa.string()),  # of the grid of canaries, or the kind of a look-alike
        ("is_look_alike", pa.bool_()),
        ("planted", pa.list_(_SPAN)),  # personal data and what looks like it
        ("unsafe", pa.string()),  # which gate is to stop it; resembling_word: none
        ("blind", pa.bool_()),  # the first question can be answered without the picture
    ]
)
BENCHMARK = pa.schema(
    [
        ("id", pa.string()),
        ("category", pa.string()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("picture", pa.string()),
        ("canaries", pa.list_(pa.string())),  # keys of the rows that hold it
    ]
)


def keys_of(by_source: dict[str, list[Row]]) -> dict[int, str]:
    """Number → key of each row."""
    return {row.number: f"{name}/{i:06d}" for name, rows in by_source.items() for i, row in enumerate(rows)}


def groups_of(rows: list[Row]) -> dict[int, int]:
    """Number → number of the original, for all rows that are duplicates or have some."""
    found: dict[int, int] = {}
    for row in rows:
        if row.relation in DUPLICATES and row.original is not None:
            found[row.number] = found[row.original] = row.original
    return found


def rows_table(source: Source, rendered: list[Rendered], keys: dict[int, str], groups: dict[int, int]) -> pa.Table:
    """The truth about one source, in the order of its files."""
    lines = [_line(source, place, one, keys, groups) for place, one in enumerate(rendered)]
    return pa.Table.from_pylist(lines, schema=ROWS)


def _line(source: Source, place: int, one: Rendered, keys: dict[int, str], groups: dict[int, int]) -> dict[str, Any]:
    row, group = one.row, groups.get(one.row.number)
    is_caption = source.shape is Shape.CAPTION  # whose question is not written
    return {
        "key": keys[row.number],
        "source": source.name,
        "file": file_name(source, place),
        "position": place % ROWS_PER_FILE[source.file_format],
        "category": row.category,
        "language": row.language,
        "licence": source.licence,
        "model_terms": source.model_terms,
        "turns": [_turn(turn.role, turn.text, turn.reasoning) for turn in one.turns[is_caption:]],
        "answers": _answers(row),
        "images": [_image(row, i, one) for i in range(len(one.images))],
        "boxes": [
            {"message": b.message, "image": b.image, **dict(zip(("x0", "y0", "x1", "y1"), b.box, strict=True))}
            for b in one.boxes
        ],
        "wording": row.wording,
        "rendering": None if row.wording is None else worded(Wording(row.wording), row.exchanges[-1], row.language)[1],
        "fault": row.fault,
        "fate": None if row.fault is None else fate_of(Fault(row.fault)),
        "relation": row.relation,
        "original": None if row.original is None else keys[row.original],
        "duplicate_group": None if group is None else keys[group],
        "canary": row.canary,
        "cell": row.cell,
        "is_look_alike": row.cell in LOOK_ALIKES,
        "planted": _spans(one),
        "unsafe": row.unsafe,
        "blind": row.exchanges[0].blind,
    }


def _turn(role: str, text: str | None, reasoning: str | None) -> dict[str, str | None]:
    writable = None if text is None else text.encode("utf-8", "backslashreplace").decode()  # lone surrogates
    return {"role": role, "text": writable, "reasoning": reasoning}


def _answers(row: Row) -> list[dict[str, Any]]:
    return [
        {
            "form": exchange.form,
            "value": answer_of(exchange, row.language),
            "choices": [choice.of(row.language) for choice in exchange.choices],
        }
        for exchange in row.exchanges
    ]


def _image(row: Row, index: int, one: Rendered) -> dict[str, Any]:
    picture, image = row.pictures[index], one.images[index]
    return {
        "name": image.name,
        "picture": f"{picture.kind}-{picture.number}-{picture.sibling}",
        "change": picture.change,
        "strength": picture.strength,
        "width": image.painted.size[0],
        "height": image.painted.size[1],
        "orientation": image.painted.orientation,
    }


def _spans(one: Rendered) -> list[dict[str, Any]]:
    found = []
    for planted in one.row.planted:
        message, text = next(
            (i, turn.text) for i, turn in enumerate(one.turns) if turn.text is not None and planted.value in turn.text
        )
        start = text.index(planted.value)
        found.append(
            {
                "message": message,
                "start": start,
                "end": start + len(planted.value),
                "kind": planted.kind,
                "value": planted.value,
                "is_personal": planted.is_personal,
            }
        )
    return found


def benchmark_table(seed: int, questions: list[Question], rows: list[Row], keys: dict[int, str]) -> pa.Table:
    """The truth about the benchmark: where its questions were planted."""
    canaries: dict[str, list[str]] = {}
    for row in rows:
        if row.canary is not None:
            canaries.setdefault(row.canary, []).append(keys[row.number])
    lines = [
        {
            "id": question.id,
            "category": question.category,
            "question": question_of(question.exchange, Language.ENGLISH),
            "answer": answers(question),
            "picture": None if question.picture is None else name_of(seed, question.picture),
            "canaries": sorted(canaries.get(question.id, [])),
        }
        for question in questions
    ]
    return pa.Table.from_pylist(lines, schema=BENCHMARK)
