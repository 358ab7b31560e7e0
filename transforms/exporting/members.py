"""What a sample of a balanced shard is called, and what its JSON says.

A sample is up to three members of one name: ``<source>/<shard>/<key>.jpg`` (or png, webp: the original bytes),
``….txt`` (the caption, where there is one) and ``….json``. Source and shard stand before the key because a key is
unique in its input shard only: rows of two Parquet files may both be number 7.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

#: Where the language of a caption was not found out; ISO 639-2's code for "undetermined".
UNDETERMINED = "und"

# Also a leading underscore: Hugging Face's reader passes over names that begin with "__"
_ENCODED = re.compile(r"[^A-Za-z0-9_-]|^_")
# The record is put together from quoted parts, in a third of the time that building and encoding dictionaries takes
_quote = json.encoder.encode_basestring
_SCORE_DECIMALS = 4  # a float16 holds three to four significant digits


class Description(NamedTuple):
    """All of a sample but its image."""

    name: str
    image_format: str
    caption: bytes | None
    json: bytes


def member_name(source: str, shard: str, key: str, copy: int) -> str:
    """The name that all members of a sample share; different samples never get the same one.

    Readers split a member's name at the first dot behind the last slash, and unpacking must not climb out of a folder:
    so in each part all but ASCII letters, digits, ``_`` and ``-`` is percent-encoded. The second copy of a sample ends
    in ``~2``, and so on.
    """
    name = f"{_encode(source)}/{_encode(shard)}/{_encode(key)}"
    return f"{name}~{copy + 1}" if copy else name


def _encode(text: str) -> str:
    return _ENCODED.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8")), text)


def describe(samples: pa.Table, concept_names: Mapping[int, str]) -> Iterator[Description]:
    """The samples of an output shard, row by row; columns as :mod:`transforms.exporting.rows` gathers them."""
    ids = _matrix(samples.column("concept_ids")).tolist()
    scores = np.round(_matrix(samples.column("concept_scores")).astype(np.float64), _SCORE_DECIMALS).tolist()
    names = ("key", "source", "shard", "width", "height", "inclusion_probability", "caption", "lang", "format", "copy")
    columns = (samples.column(name).to_pylist() for name in names)
    openings = _Openings(concept_names)
    for key, source, shard, width, height, probability, caption, lang, image_format, copy, some, scored in zip(
        *columns, ids, scores, strict=True
    ):
        concepts = ",".join(
            [f"{openings[concept]}{score!r}}}" for concept, score in zip(some, scored, strict=True) if concept >= 0]
        )
        captions = f"{_quote(lang or UNDETERMINED)}:{_quote(caption)}" if caption else ""
        text = (
            f'{{"key":{_quote(key)},"source":{_quote(source)},"shard":{_quote(shard)},"width":{width},'
            f'"height":{height},"concepts":[{concepts}],"inclusion_probability":{probability!r},'
            f'"captions":{{{captions}}}}}'
        )
        yield Description(
            member_name(source, shard, key, copy),
            image_format,
            caption.encode("utf-8") if caption else None,
            text.encode("utf-8"),
        )


class _Openings(dict[int, str]):
    """A concept's id and name as JSON, up to its score: a name is quoted once, not for every sample that shows it."""

    def __init__(self, names: Mapping[int, str]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, concept: int) -> str:
        opening = self[concept] = f'{{"id":{concept},"name":{_quote(self._names[concept])},"score":'
        return opening


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    """A fixed-size list column of N rows → (N, K)."""
    width = column.type.list_size
    return np.asarray(column.combine_chunks().flatten().to_numpy(zero_copy_only=False)).reshape(len(column), width)
