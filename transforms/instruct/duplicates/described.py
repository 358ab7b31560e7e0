"""A part's rows as numbers: what all comparing goes by, so that texts are read once and never meet.

One file a part in a hidden folder of the run, gone when the stage is done; a run that was killed finds it again.
Identities are 64-bit hashes: among a billion rows the chance that any two share one by chance is about 3 %, and such
two differ in most other things that are compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from transforms.batching import batched
from transforms.datasets import ShardName, read_metadata, read_table, write_table
from transforms.errors import RunFolderError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.duplicates.shingles import shingle_sets
from transforms.instruct.duplicates.signatures import band_keys, signatures
from transforms.instruct.duplicates.wording import TURN, Wording, wording
from transforms.instruct.rows import Medium, Row
from transforms.keyed import hash64, mix64
from transforms.stages import DUPLICATES
from transforms.storage import StoragePath

#: ``location``: number of the part in the high 32 bits, row in the low 32; set when a part is read. The lesser ``rank``
#: stays, then the greater ``length``, then the greater ``tie``. ``question``, ``answer``: as normalised; ``asked``: the
#: question with system prompt and tools; ``text``: question, answer, boxes and tools; ``numbers``: those that are said,
#: and tools; ``skeleton``: what of the answers no translation changes, worth ``evidence`` bits. ``closed``: of answers
#: that can contradict. ``bare``: without a question. ``telling``: of one long answer.
ROW = np.dtype(
    [(name, "<u8") for name in ("location", "tie", "question", "asked", "answer", "text", "numbers", "skeleton")]
    + [("rank", "<u4"), ("length", "<u4"), ("media", "<u2"), ("evidence", "u1"), ("closed", "u1")]
    + [("han", "u1"), ("bare", "u1"), ("telling", "u1"), ("boxed", "u1")]
)
Rows = NDArray[np.void]

#: ``media`` and ``looks``: identity and perceptual hash (0: none) of each; ``question`` and ``answer``: their sequences
#: of words, the least 256 hashes of them, by which the Jaccard similarity of sets up to that size is exact and that of
#: others estimated (bottom-k, Broder 1997); ``bands``: where rows without media meet those that are nearly the same.
DESCRIBED = pa.schema(
    [
        ("key", pa.string()),
        ("row", pa.binary(ROW.itemsize)),
        ("media", pa.list_(pa.uint64())),
        ("looks", pa.list_(pa.uint64())),
        ("boxes", pa.list_(pa.float32())),
        ("question", pa.list_(pa.uint32())),
        ("answer", pa.list_(pa.uint32())),
        ("bands", pa.list_(pa.uint64())),
    ]
)
MOST_SHINGLES = 256
_ROWS_AT_ONCE = 1_000  # whose words are held by themselves: ten times the memory of their texts
_LEAST_TELLING = 12  # characters of an answer that tells by itself what was asked: a caption, not a word
_DIGITS = re.compile(r"-?\d+(?:\.\d+)?")
_BITS_OF_DIGIT = 3  # log2(10) = 3.3
_CHARACTERS_PER_BIT = 4  # of code and formulas, most of which the question gives


def described_folder(folder: InstructFolder) -> StoragePath:
    return folder.root / f".{DUPLICATES.name}"


def describe_part(
    folder: InstructFolder, name: ShardName, rows: Sequence[Row], settings: DuplicatesSettings, seed: int
) -> None:
    """Writes what :func:`read_described` reads."""
    tables = [describe(some, settings, seed) for some in batched(rows, _ROWS_AT_ONCE)]
    table = pa.concat_tables([DESCRIBED.empty_table(), *tables])
    write_table(_path(folder, name), table, folder.fingerprints[DUPLICATES.name])


def is_described(folder: InstructFolder, name: ShardName) -> bool:
    """False too where the file is of other settings, and is to be made anew."""
    try:
        path = _path(folder, name)
        return path.is_file() and bool(read_metadata(path, folder.fingerprints[DUPLICATES.name]))
    except RunFolderError:
        return False


def read_described(
    folder: InstructFolder, number: int, name: ShardName, columns: Sequence[str] = ()
) -> tuple[Rows, pa.Table]:
    """(N,) ROW with their locations, and ``columns`` of DESCRIBED."""
    table = read_table(_path(folder, name), folder.fingerprints[DUPLICATES.name], ["row", *columns])
    rows = np.frombuffer(b"".join(table["row"].to_pylist()), ROW).copy()
    rows["location"] = (np.uint64(number) << np.uint64(32)) + np.arange(len(rows), dtype=np.uint64)
    return rows, table.select(list(columns))


def describe(rows: Sequence[Row], settings: DuplicatesSettings, seed: int) -> pa.Table:
    """Of :data:`DESCRIBED`."""
    said = [wording(row, settings.format_phrases) for row in rows]
    questions = _sets([one.question for one in said], "question")
    answers = _sets([one.answer for one in said], "answer")
    rank = {name: place for place, name in enumerate(settings.prefer)}
    found = np.zeros(len(rows), ROW)
    found["tie"] = mix64(np.array([hash64(row.key) for row in rows], np.uint64), seed, DUPLICATES.name)
    for at, (row, one) in enumerate(zip(rows, said, strict=True)):
        found[at]["rank"] = rank.get(row.source, len(rank))
        _fill(found[at], row, one, settings)
    return pa.table(
        {
            "key": [row.key for row in rows],
            "row": [one.tobytes() for one in found],
            "media": [[identity(medium) for medium in row.media] for row in rows],
            "looks": [[int.from_bytes(medium.perceptual_hash or b"", "big") for medium in row.media] for row in rows],
            "boxes": [[edge for box in one.boxes for edge in box] for one in said],
            "question": [hashes[:MOST_SHINGLES] for hashes in questions],
            "answer": [hashes[:MOST_SHINGLES] for hashes in answers],
            "bands": _bands(rows, questions, answers, settings),
        },
        DESCRIBED,
    )


def _sets(texts: Sequence[str], purpose: str) -> list[NDArray[np.uint32]]:
    values, lengths = shingle_sets(texts, purpose)
    return np.split(values, np.cumsum(lengths)[:-1]) if texts else []


def identity(medium: Medium) -> int:
    """Of an image or a video: the first half of the hash of its bytes."""
    return int.from_bytes((medium.content_hash or xxhash.xxh3_128_digest(str(medium.uri)))[:8], "big")


def _fill(found: np.void, row: Row, said: Wording, settings: DuplicatesSettings) -> None:
    boxes = " ".join(f"{edge:.4f}" for box in said.boxes for edge in box)
    reasoning = sum(len(message.reasoning or "") for message in row.messages)
    found["question"], found["asked"] = hash64(said.question), hash64(said.asked)
    found["answer"], found["text"] = hash64(said.answer), hash64(said.question, said.answer, boxes, row.tools)
    found["numbers"] = hash64(said.numbers, row.tools)
    found["length"] = len(said.question) + len(said.answer) + reasoning
    found["media"] = min(len(row.media), np.iinfo(np.uint16).max)
    found["closed"] = bool(said.forms) and set(said.forms) <= set(settings.conflict_forms)
    found["han"], found["bare"], found["boxed"] = said.is_han, not said.question, bool(boxes)
    found["telling"] = len(said.forms) == 1 and said.forms[0] in ("free", "list") and len(said.answer) >= _LEAST_TELLING
    found["skeleton"], found["evidence"] = _untranslated(row, said)


def _untranslated(row: Row, said: Wording) -> tuple[int, int]:
    """What a translation leaves as it is: letters, yes and no, digits, code and formulas, turn by turn; and how many
    bits of evidence that is."""
    bits, parts = 0.0, []
    answers = {answer.message: answer for answer in row.answers}
    spoken = iter(said.answer.split(TURN))
    for index, message in enumerate(row.messages):
        if message.role != "assistant":
            continue
        text, answer = next(spoken, ""), answers.get(index)
        form, value = (answer.form, answer.value) if answer else ("free", None)
        if form in ("letter", "yes_no") and value:
            parts.append(value)
            bits += 2 * len(value.split(",")) if form == "letter" else 1
        elif form in ("code", "formula"):
            parts.append(text)
            bits += len(text) / _CHARACTERS_PER_BIT
        else:
            digits = _DIGITS.findall(text)
            parts.append(" ".join(digits))
            bits += _BITS_OF_DIGIT * sum(map(len, digits))
    asked = said.numbers.split(TURN)[: said.question.count(TURN) + 1]
    bits += _BITS_OF_DIGIT * sum(character.isdigit() for part in asked for character in part)
    return hash64(*parts, *asked), min(int(bits), 255)


def _bands(
    rows: Sequence[Row],
    questions: Sequence[NDArray[np.uint32]],
    answers: Sequence[NDArray[np.uint32]],
    settings: DuplicatesSettings,
) -> list[NDArray[np.uint64]]:
    """Only of rows without media: the others meet where they share them."""
    if not settings.near_text:
        return [np.empty(0, np.uint64)] * len(rows)
    sets = [
        np.empty(0, np.uint32) if row.media else np.concatenate([question, answer])
        for row, question, answer in zip(rows, questions, answers, strict=True)
    ]
    lengths = np.array([len(one) for one in sets], np.int64)
    flat = np.concatenate([np.empty(0, np.uint32), *sets])
    keys = band_keys(signatures(flat, lengths, settings.permutations), settings.bands)
    return [key if length else key[:0] for key, length in zip(keys, lengths, strict=True)]


def _path(folder: InstructFolder, name: ShardName) -> StoragePath:
    return described_folder(folder) / f"{name.source}/{name.shard}.parquet"
