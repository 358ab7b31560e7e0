"""A benchmark as hashes: of its questions, their n-grams, and its images. One row a question.

With them, where the benchmark itself is at hand, small grey pictures in a file of their own, and a sample of its
questions, from which canaries are made. What is to be handed on holds the hashes alone.
"""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from PIL import Image

from transforms import keyed
from transforms.atomic_writing import OutputStream
from transforms.datasets import write_table
from transforms.images.hashing import content_hash
from transforms.instruct.decontaminating.items import Item, Shown, name_key, read_items
from transforms.instruct.decontaminating.pictures import decoded, looks_of
from transforms.instruct.decontaminating.settings import HANDED_ON, Benchmark, Fingerprinting
from transforms.instruct.decontaminating.wording import hashed, is_unspaced, ngrams, tokens_of, whole_hash
from transforms.instruct.question_core import core_of
from transforms.instruct.reading.inputs import InstructPart, list_parts
from transforms.rejects import Counts, Reject
from transforms.storage import StoragePath

_IMAGE = pa.struct(
    [
        ("content_hash", pa.binary(16)),  # null: no file was found, or it is no image
        ("name", pa.uint64()),  # hash of its name; null without any
        ("variants", pa.list_(pa.uint64())),  # perceptual hashes: the whole picture, then crops and banners of it
        ("fine", pa.binary(128)),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("offset", pa.int64()),  # of its PNG in the file of pictures; null where only hashes are kept
        ("size_bytes", pa.int32()),
    ]
)
FINGERPRINTS = pa.schema(
    [
        ("question_id", pa.string()),
        ("tokens", pa.int32()),
        ("question", pa.uint64()),  # hash of all its tokens, without choices and without what is said of the answer
        ("unspaced", pa.bool_()),  # n-grams are of characters
        ("ngrams", pa.list_(pa.uint64())),
        ("images", pa.list_(_IMAGE)),
    ]
)
SAMPLE = pa.schema(
    [("rank", pa.uint64()), ("question_id", pa.string()), ("question", pa.string()), ("image", pa.binary())]
)


class FingerprintFiles(NamedTuple):
    """``pictures`` and ``sample`` are None where only hashes are kept."""

    table: StoragePath
    pictures: StoragePath | None = None
    sample: StoragePath | None = None


@dataclass
class Sample:
    """The ``size`` questions of lowest keyed rank with an image, and as many long ones."""

    size: int
    seed: int
    purpose: str
    _heaps: dict[str, list[tuple[int, str, str, bytes | None]]] = field(default_factory=dict)

    def offer(self, item: Item, image: bytes | None, is_long: bool) -> None:
        rank = keyed.hash64(self.seed, "canary", self.purpose, item.id, item.question)
        if image is not None:
            self._keep("shown", (-rank, item.id, item.question, image))
        if is_long:
            self._keep("long", (-rank, item.id, item.question, None))

    def _keep(self, kind: str, entry: tuple[int, str, str, bytes | None]) -> None:
        heap = self._heaps.setdefault(kind, [])
        if entry in heap:  # asked twice in the same words
            return
        if len(heap) < self.size:
            heapq.heappush(heap, entry)
        elif entry > heap[0]:
            heapq.heapreplace(heap, entry)

    def table(self) -> pa.Table:
        entries = [
            (-rank, *rest) for _, heap in sorted(self._heaps.items()) for rank, *rest in sorted(heap, reverse=True)
        ]
        return pa.Table.from_pylist([dict(zip(SAMPLE.names, entry, strict=True)) for entry in entries], SAMPLE)


class _Pictures:
    """Writes each picture once; without a stream, none."""

    def __init__(self, stream: OutputStream | None) -> None:
        self._stream = stream
        self._written: dict[bytes, dict[str, Any]] = {}

    def describe(self, shown: Shown) -> dict[str, Any]:
        """A row of images."""
        name = keyed.hash64(name_key(shown.name)) if shown.name else None
        return {**dict.fromkeys(_IMAGE.names), **self._looks(shown.data), "name": name}

    def _looks(self, data: bytes | None) -> dict[str, Any]:
        digest = None if data is None else content_hash(data)
        if digest is not None and digest in self._written:
            return self._written[digest]
        image = None if data is None else decoded(data)
        if image is None or digest is None:
            return {}
        looks = looks_of(image)
        found = {
            "content_hash": digest,
            "variants": looks.variants.tolist(),
            "fine": looks.fine.tobytes(),
            "width": looks.picture.width,
            "height": looks.picture.height,
        }
        if self._stream is not None:
            png = io.BytesIO()
            Image.fromarray(looks.picture.grey).save(png, "PNG")
            found |= {"offset": self._stream.tell(), "size_bytes": png.tell()}
            self._stream.write(png.getvalue())
        self._written[digest] = found
        return found


def fingerprint_part(
    benchmark: Benchmark,
    part: InstructPart,
    text: Fingerprinting,
    files: FingerprintFiles,
    fingerprint: str,
    sample: Sample | None = None,
) -> Counts:
    """Reads one part of a benchmark and writes its files, the table last; returns how many questions it holds."""
    rejects: list[Reject] = []
    if files.pictures is None:
        rows = list(_rows(read_items(benchmark, part), text, _Pictures(None), sample, rejects))
    else:
        with files.pictures.atomic_writer() as stream:
            rows = list(_rows(read_items(benchmark, part), text, _Pictures(stream), sample, rejects))
    if files.sample is not None and sample is not None:
        write_table(files.sample, sample.table(), fingerprint)
    counts = Counts.of(len(rows), rejects)
    write_table(files.table, pa.Table.from_pylist(rows, FINGERPRINTS), fingerprint, counts, about_of(benchmark, text))
    return counts


def hand_on(benchmark: Benchmark, text: Fingerprinting, path: StoragePath) -> Counts:
    """Writes the hashes of a whole benchmark, and nothing of its content, into one file."""
    rejects: list[Reject] = []
    pictures = _Pictures(None)
    rows = [
        row
        for part in list_parts(benchmark.source)
        for row in _rows(read_items(benchmark, part), text, pictures, None, rejects)
    ]
    counts = Counts.of(len(rows), rejects)
    write_table(path, pa.Table.from_pylist(rows, FINGERPRINTS), HANDED_ON, counts, about_of(benchmark, text))
    return counts


def about_of(benchmark: Benchmark, text: Fingerprinting) -> dict[str, str]:
    """What a file of fingerprints says of itself."""
    return {"benchmark": benchmark.name, "text": text.model_dump_json()}


def _rows(
    items: Iterable[Item | Reject],
    text: Fingerprinting,
    pictures: _Pictures,
    sample: Sample | None,
    rejects: list[Reject],
) -> Iterator[dict[str, Any]]:
    for item in items:
        if isinstance(item, Reject):
            rejects.append(item)
            continue
        tokens = tokens_of(core_of(item.question))
        unspaced = is_unspaced(tokens)
        found, _ = ngrams(hashed([tokens]), text.ngram_characters if unspaced else text.ngram_words)
        images = [pictures.describe(shown) for shown in item.images]
        if sample is not None:
            seen = (shown.data for shown, image in zip(item.images, images, strict=True) if image["content_hash"])
            sample.offer(item, next(seen, None), bool(len(found)))
        yield {
            "question_id": item.id,
            "tokens": len(tokens),
            "question": whole_hash(tokens),
            "unspaced": unspaced,
            "ngrams": np.unique(found).tolist(),
            "images": images,
        }
