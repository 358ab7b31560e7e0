"""Embeddings of the images of many shards, one after another, in one stream: no shard's end drains the encoder.

The next shard is open, and its first samples are at hand, while one is read; that is decoded while images of the one
before are encoded. Every batch is full, whatever shards its images are of; the last one of a stream is filled up with
blank ones. What is made of an image depends neither on its place in a batch nor on its neighbours, only on how many
there are (a test permutes them, on a CPU): so annotations are the same bytes whichever shards a worker is given, in
whatever order.

Shape legend: B images of a batch, N of one chunk of a shard, S_h and S_w the encoder's input, D embedding width.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.busy_time import BusyTime
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.input_digest import InputDigest
from transforms.annotating.read_ahead import ReadAhead
from transforms.images.preprocess import PreparedImage
from transforms.reading.listing import InputShard
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject


class Image(NamedTuple):
    sample: RawSample  # without its image bytes
    prepared: PreparedImage
    content_hash: bytes


@dataclass(frozen=True)
class ShardUnderWay:
    """Rejects and digest are complete when the shard's last chunk has come."""

    shard: InputShard
    source: SourceSettings
    rejects: list[Reject] = field(default_factory=list)
    digest: InputDigest = field(default_factory=InputDigest)


class Chunk(NamedTuple):
    """Up to B images of a shard, the same ones whatever else is in the stream; none in the last one of some shards."""

    of: ShardUnderWay
    images: list[Image]  # without their pixels
    embeddings: torch.Tensor  # (N, D) float32, rows of length 1, on the encoder's device
    is_last: bool


#: A sample → what it is decoded to, and its digest.
Decode = Callable[[RawSample | Reject], tuple[Image | Reject, bytes]]

#: The embeddings (N, D) that a source brings along, of images of one shard.
Imported = Callable[[ShardUnderWay, list[Image]], torch.Tensor]

_OPEN_AT_ONCE = 2  # a store answers the first call for a shard while the one before is read
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)


class EmbeddingStream:
    """:meth:`add` shards, then :meth:`finish`: chunks come in the order of shards, and of images in each."""

    def __init__(
        self, encoder: ClipEncoder, batch_size: int, decode: Decode, threads: ThreadPoolExecutor, imported: Imported
    ) -> None:
        """``decode`` runs on ``threads``."""
        self._encoder, self._batch_size, self._imported = encoder, batch_size, imported
        self._decode, self._threads = decode, threads
        self._encodes = False  # whether the images of the shard added last are to be encoded
        self._opened: deque[tuple[ShardUnderWay, ReadAhead[RawSample | Reject]]] = deque()
        self._decoding: deque[tuple[ShardUnderWay, Future[tuple[Image | Reject, bytes]] | None]] = deque()
        self._filling: list[Image] = []  # the chunk of the shard that is taken from decoding
        self._chunks: deque[tuple[ShardUnderWay, list[Image], bool]] = deque()  # whole, and not embedded throughout
        self._pixels: list[NDArray[np.uint8]] = []  # of the batch that is being filled
        self._encoded: deque[torch.Tensor] = deque()  # (rows, D) of images in chunks that have not left
        self._rows_encoded = 0
        self.clock = BusyTime(encoder.device)

    def add(self, shard: InputShard, source: SourceSettings) -> Iterator[Chunk]:
        """Begins to read a shard, reads the one before it to its end, and yields what has become ready.

        Raises InputError for a shard that cannot be read.
        """
        encodes = source.embeddings is None
        if self._encodes and not encodes:  # no images of its own would fill the batch that others wait for
            yield from self.finish()
        self._encodes = encodes
        self._opened.append((ShardUnderWay(shard, source), ReadAhead(read_samples(shard, source), self._batch_size)))
        if len(self._opened) == _OPEN_AT_ONCE:
            yield from self._read_first()

    def finish(self) -> Iterator[Chunk]:
        """What is left of all shards. Raises InputError."""
        while self._opened:
            yield from self._read_first()
        while self._decoding:
            yield from self._take_one()
        self._encode()
        yield from self._ready()

    def close(self) -> None:
        """After a failure: nothing more is read or decoded."""
        for _, samples in self._opened:
            samples.close()
        for _, decoding in self._decoding:
            if decoding is not None:
                decoding.cancel()
        self._opened.clear()
        self._decoding.clear()

    def _read_first(self) -> Iterator[Chunk]:
        of, samples = self._opened.popleft()
        for sample in samples:
            self._decoding.append((of, self._threads.submit(self._decode, sample)))
            if len(self._decoding) > 2 * self._batch_size:  # one batch in the model, one being decoded
                yield from self._take_one()
        self._decoding.append((of, None))

    def _take_one(self) -> Iterator[Chunk]:
        of, decoding = self._decoding.popleft()
        if decoding is None:
            self._close(of, is_last=True)
        else:
            item, digest = decoding.result()
            of.digest.add(digest)
            if isinstance(item, Reject):
                of.rejects.append(item)
            else:
                self._take_image(of, item)
        yield from self._ready()

    def _take_image(self, of: ShardUnderWay, image: Image) -> None:
        if of.source.embeddings is None:
            self._pixels.append(image.prepared.pixels)
        self._filling.append(image._replace(prepared=image.prepared._replace(pixels=_NO_PIXELS)))
        if len(self._filling) == self._batch_size:
            self._close(of, is_last=False)
        if len(self._pixels) == self._batch_size:
            self._encode()

    def _close(self, of: ShardUnderWay, is_last: bool) -> None:
        self._chunks.append((of, self._filling, is_last))
        self._filling = []

    def _encode(self) -> None:
        """One batch of B, some of them blank where there are fewer."""
        number = len(self._pixels)
        if not number:
            return
        pixels = np.zeros((self._batch_size, *self._pixels[0].shape), np.uint8)
        np.stack(self._pixels, out=pixels[:number])
        batch = self._encoder.load(pixels)
        with self.clock.work():
            embeddings = self._encoder.encode_loaded(batch)
        self._encoded.append(embeddings[:number])
        self._rows_encoded += number
        self._pixels = []

    def _ready(self) -> Iterator[Chunk]:
        """Whole chunks, all of whose images have been encoded."""
        while self._chunks:
            of, images, is_last = self._chunks[0]
            if images and of.source.embeddings is not None:
                embeddings = self._imported(of, images)
            elif len(images) <= self._rows_encoded:
                embeddings = self._rows(len(images))
            else:
                return
            self._chunks.popleft()
            yield Chunk(of, images, embeddings, is_last)

    def _rows(self, number: int) -> torch.Tensor:
        """The first ``number`` of those encoded."""
        self._rows_encoded -= number
        parts = []
        while number:
            first = self._encoded.popleft()
            parts.append(first[:number])
            if len(first) > number:
                self._encoded.appendleft(first[number:])
            number -= len(parts[-1])
        return torch.cat(parts) if parts else torch.empty(0, self._encoder.width, device=self._encoder.device)
