"""What a sample of a balanced shard is called, and what its JSON says.

A sample is up to three members of one name: ``<source>/<shard>/<key>.jpg`` (or png, webp, tiff: the original bytes),
``….txt`` (the caption, where there is one) and ``….json``. Source and shard stand before the key because a key is
unique in its input shard only: rows of two Parquet files may both be number 7. What the source says of the sample in a
JSON of its own stands in ours as ``source_record``, to the letter.

Everything is done by column: with the headers, 6 µs a sample, and 104 in plain Python (bench_members).

Shape legend: N samples, K concepts of each.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.datasets import UNDETERMINED, list_matrix
from transforms.tar.columns import TEXT, join
from transforms.tar.layout import Members

# Also a leading underscore: Hugging Face's reader passes over names that begin with "__"
_ENCODED = r"[^A-Za-z0-9_-]|^_"
_ESCAPED = r'["\\\x00-\x1f]'  # in a JSON string: RFC 8259, section 7
#: Captions that a model wrote, where it did: JSON by language.
WRITTEN_CAPTIONS = "written_captions"
_SCORE_DECIMALS = 4  # a float16 holds three to four significant digits


def describe(samples: pa.Table, concept_openings: pa.LargeStringArray) -> Members:
    """N rows, columns as :mod:`transforms.exporting.rows` gathers them → their members, but for the images."""
    key, source, shard, image_format, caption, lang = (
        _text(samples, column) for column in ("key", "source", "shard", "format", "caption", "lang")
    )
    caption = pc.replace_with_mask(caption, pc.equal(caption, "").fill_null(False), pa.scalar(None, TEXT))
    lang = pc.if_else(pc.equal(lang, "").fill_null(True), UNDETERMINED, lang)
    sample_json = join(
        *('{"key":', quote(key), ',"source":', quote(source), ',"shard":', quote(shard)),
        *(',"width":', _text(samples, "width"), ',"height":', _text(samples, "height")),
        *(',"concepts":[', _concepts(samples, concept_openings), "]"),
        *(',"inclusion_probability":', _numbers(samples.column("inclusion_probability"))),
        *(',"captions":{', join(quote(lang), ":", quote(caption)).fill_null(""), "}"),
        *((',"written_captions":', _text(samples, WRITTEN_CAPTIONS)) if _has_written(samples) else ()),  # JSON already
        join(',"source_key":', quote(_text(samples, "source_key"))).fill_null(""),
        join(',"source_record":', _text(samples, "source_record")).fill_null(""),  # JSON already
        "}",
    )
    name = member_names(source, shard, key, samples.column("copy").combine_chunks())
    return Members(name, image_format, caption, sample_json)


def _has_written(samples: pa.Table) -> bool:
    return WRITTEN_CAPTIONS in samples.column_names


def member_names(
    source: pa.LargeStringArray, shard: pa.LargeStringArray, key: pa.LargeStringArray, copy: pa.Int32Array
) -> pa.LargeStringArray:
    """(N,) names that the members of a sample share; different samples never get the same one.

    Readers split a member's name at the first dot behind the last slash, and unpacking must not climb out of a folder:
    so in each part all but ASCII letters, digits, ``_`` and ``-`` is percent-encoded. The second copy of a sample ends
    in ``~2``, and so on.
    """
    number = pc.add(copy, 1).cast(TEXT)
    ending = pc.if_else(pc.equal(copy, 0), "", join("~", number))
    source, shard, key = (_rewrite(part, _ENCODED, _percent_encode) for part in (source, shard, key))
    return join(source, "/", shard, "/", key, ending)


def concept_openings(names: pa.Array) -> pa.LargeStringArray:
    """Names of concepts by id → each concept as JSON, up to its score: quoted once, not in every sample."""
    ids = pa.array(np.arange(len(names))).cast(TEXT)
    return join('{"id":', ids, ',"name":', quote(names.cast(TEXT)), ',"score":')


def quote(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """(N,) texts → JSON strings, beyond ASCII as they are; null stays null."""
    return join('"', _rewrite(texts, _ESCAPED, lambda text: json.dumps(text, ensure_ascii=False)[1:-1]), '"')


def _concepts(samples: pa.Table, openings: pa.LargeStringArray) -> pa.LargeStringArray:
    """(N,) lists of concepts as JSON, without the brackets; an id of -1 is no concept."""
    ids, scores = list_matrix(samples.column("concept_ids")), list_matrix(samples.column("concept_scores"))
    there = ids >= 0
    concepts = join(openings.take(pa.array(ids[there])), _scores().take(pa.array(scores.view(np.uint16)[there])), "}")
    ends = np.concatenate([[0], there.sum(axis=1).cumsum()])
    return pc.binary_join(pa.LargeListArray.from_arrays(pa.array(ends), concepts), pa.scalar(",", TEXT))


@functools.cache
def _scores() -> pa.LargeStringArray:
    """How each of the 65,536 float16 numbers is written, by its bits."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = np.where(np.isfinite(every), every, 0).astype(np.float64)  # a score is finite
    return _numbers(pa.array(np.round(finite, _SCORE_DECIMALS)))


def _numbers(column: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """(N,) float64 → the shortest texts that read as the same floats; Arrow would write 1.0 as 1, an integer."""
    return pa.array([repr(number) for number in column.to_pylist()], TEXT)


def _percent_encode(text: str) -> str:
    return re.sub(_ENCODED, lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8")), text)


def _rewrite(texts: pa.LargeStringArray, pattern: str, rewrite: Callable[[str], str]) -> pa.LargeStringArray:
    """Texts in which ``pattern`` is found go through ``rewrite``, one by one: few, in most columns."""
    found = pc.match_substring_regex(texts, pattern).fill_null(False)
    if not found.true_count:
        return texts
    rewritten = [rewrite(text) for text in texts.filter(found).to_pylist()]
    return pc.replace_with_mask(texts, found, pa.array(rewritten, TEXT))


def _text(samples: pa.Table, column: str) -> pa.LargeStringArray:
    return samples.column(column).cast(TEXT).combine_chunks()
