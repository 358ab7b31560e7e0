"""The folder of a built vocabulary, which ``vocabulary.path`` of a build may name as it may name a word list.

concepts.parquet        a row a concept, sorted by language and form; ``uid`` is the concept's for good, ``row`` this
                        version's
surface_forms.parquet   how each is spelt, by source, with how often it was seen there
aliases.parquet         forms that were merged into another concept, by their own uid
blocked.parquet         what left, and why
vocabulary.json         sources with licences, thresholds and the sha256 of their files, accuracy of types, the sha256
                        of the files above; written last, so it says that the vocabulary is whole
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from concept_vocab.prompts import PROMPTS
from concept_vocab.vocabulary import SCHEMA, Vocabulary
from transforms.checked_parquet import open_checked, write_checked
from transforms.errors import InputError
from transforms.storage import StoragePath

FORMAT_VERSION = 2  # 2: concepts have a group
ABOUT = "vocabulary.json"

CONCEPTS = pa.schema(
    [
        ("uid", pa.uint64()),
        ("row", pa.int32()),
        ("form", pa.string()),  # normalised: NFC, single spaces, no case
        ("name", pa.string()),  # the spelling that stands for it
        ("language", pa.string()),
        ("source", pa.string()),  # the first that has it
        ("sources", pa.list_(pa.string())),
        ("type", pa.string()),  # null where nothing tells
        ("type_method", pa.string()),
        ("type_confidence", pa.float32()),
        ("types", pa.list_(pa.string())),  # of all its senses
        ("marks", pa.list_(pa.string())),
        ("group", pa.uint64()),  # uid of the concept that stands for all that mean nearly the same; its own if alone
    ]
)
SURFACE_FORMS = pa.schema(
    [
        ("uid", pa.uint64()),
        ("row", pa.int32()),
        ("text", pa.string()),
        ("language", pa.string()),
        ("source", pa.string()),
        ("count", pa.int64()),  # in that source; null of lists
        ("match_case", pa.bool_()),  # whether only case tells it from another lemma: China, china
    ]
)
ALIASES = pa.schema([("alias", pa.uint64()), ("uid", pa.uint64()), ("form", pa.string()), ("reason", pa.string())])
BLOCKED = pa.schema([("text", pa.string()), ("source", pa.string()), ("reason", pa.string())])

#: Part of the digest where concepts are grouped: runs whose images got several of a group are not gone on with.
_ONE_OF_A_GROUP = b"an image gets one concept of a group, of its caption too"

_SCHEMAS = {"concepts": CONCEPTS, "surface_forms": SURFACE_FORMS, "aliases": ALIASES, "blocked": BLOCKED}


@dataclass(frozen=True)
class BuiltVocabulary:
    """A built vocabulary in memory; ``about`` is what vocabulary.json says of it."""

    concepts: pa.Table
    surface_forms: pa.Table
    aliases: pa.Table
    blocked: pa.Table
    about: dict[str, Any]

    def __len__(self) -> int:
        return int(self.concepts.num_rows)


def write_vocabulary(folder: StoragePath, vocabulary: BuiltVocabulary) -> None:
    """The same vocabulary gives the same bytes."""
    sums = {}
    for name, schema in _SCHEMAS.items():
        buffer = io.BytesIO()
        write_checked(buffer, getattr(vocabulary, name).cast(schema), compression="zstd")
        data = buffer.getvalue()
        (folder / f"{name}.parquet").write_bytes(data)
        sums[f"{name}.parquet"] = hashlib.sha256(data).hexdigest()
    about = {"format_version": FORMAT_VERSION, "files": sums, **vocabulary.about}
    (folder / ABOUT).write_text(json.dumps(about, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def is_built(folder: StoragePath) -> bool:
    return (folder / ABOUT).is_file()


def read_about(folder: StoragePath) -> dict[str, Any]:
    """What vocabulary.json says. Raises InputError where there is none, or one of another version."""
    path = folder / ABOUT
    if not path.is_file():
        raise InputError(f"{folder} is no vocabulary: it holds no {ABOUT}. evenweave vocabulary build makes one")
    try:
        about = json.loads(path.read_text())
        version = about["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged: {error}") from error
    if version != FORMAT_VERSION:
        raise InputError(f"{path} has format version {version}, and {FORMAT_VERSION} is read; build it again")
    return dict(about)


def read_vocabulary(folder: StoragePath) -> BuiltVocabulary:
    """All of it. Raises InputError for files that are missing, damaged or do not belong together, for concepts that
    share a uid, and for none at all."""
    about = read_about(folder)
    tables = {name: _read(folder / f"{name}.parquet", schema) for name, schema in _SCHEMAS.items()}
    _check(folder, tables["concepts"])
    return BuiltVocabulary(**tables, about=about)


def read_concepts(folder: StoragePath) -> Vocabulary:
    """As a word list is read: ids are rows. Raises InputError as :func:`read_vocabulary` does."""
    read_about(folder)
    concepts = _read(folder / "concepts.parquet", CONCEPTS)
    _check(folder, concepts)
    columns = [concepts[name] for name in ("row", "name", "language", "source", "type")]
    return Vocabulary(pa.table(columns, schema=SCHEMA), dict(PROMPTS), _groups(concepts))


def _groups(concepts: pa.Table) -> tuple[int, ...] | None:
    """(V,) the row of the concept that stands for each one's group; None where all are alone. Raises InputError where
    it is not there."""
    found = pc.index_in(concepts["group"], value_set=concepts["uid"])
    if found.null_count:
        raise InputError("a group is named after a concept that the vocabulary does not hold; build it again")
    rows = tuple(found.to_pylist())
    return None if rows == tuple(range(len(rows))) else rows


def vocabulary_digest(folder: StoragePath) -> str:
    """16 digits of the SHA-256 of the concepts. Raises InputError where the folder holds no vocabulary."""
    read_about(folder)
    path = folder / "concepts.parquet"
    try:
        digest = hashlib.sha256(path.read_bytes())
    except OSError as error:
        raise InputError(f"{folder} is damaged: {error}. Build it again") from error
    if _groups(_read(path, CONCEPTS)) is not None:
        digest.update(_ONE_OF_A_GROUP)
    return digest.hexdigest()[:16]


def _check(folder: StoragePath, concepts: pa.Table) -> None:
    if not concepts.num_rows:
        raise InputError(f"{folder} holds no concept; build it again")
    if not np.array_equal(concepts["row"].to_numpy(), np.arange(concepts.num_rows)):
        raise InputError(f"{folder} does not hold the rows 0 to {concepts.num_rows - 1} in order; build it again")
    counts = pc.value_counts(concepts["uid"].combine_chunks())
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(twice):
        same = concepts.filter(pc.equal(concepts["uid"], twice[0]["values"]))["form"].to_pylist()
        raise InputError(f"{folder}: {', '.join(map(repr, same))} have one uid; build it again")


def _read(path: StoragePath, schema: pa.Schema) -> pa.Table:
    try:
        with path.open_random() as stream:
            table = open_checked(stream).read()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} is missing or damaged: {error}. Build the vocabulary again") from error
    if not table.schema.equals(schema):
        raise InputError(f"{path} has the columns {', '.join(table.column_names)}; build the vocabulary again")
    return table
