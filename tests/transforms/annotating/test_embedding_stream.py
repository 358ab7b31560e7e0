"""One stream over many shards: full batches, and of each shard what it would be alone, to the bit."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.transforms.annotating.test_imported_embeddings import write as write_imported
from transforms.annotating.embedder import Embedder
from transforms.annotating.embedding_stream import Chunk
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings
from transforms.errors import InputError
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject

B = 4
ENCODER = EncoderSettings(model="configs/encoder/tiny", precision="fp32", batch_size=B)
SIZES = (3, 4, 9, 0, 1, 8)  # samples of a shard: fewer than a batch, as many, two of them
DAMAGED = {(1, 2), (2, 0), (4, 0)}  # shard, sample


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ENCODER, DecodeSettings())


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[InputShard, SourceSettings]]:
    """A source each, of one shard each; the fourth holds damaged pictures alone."""
    found = []
    for number, size in enumerate(SIZES):
        folder = tmp_path_factory.mktemp(f"source{number}")
        for place in range(size or 2):
            draw(folder / f"{place}.png", number, place)
            if not size or (number, place) in DAMAGED:
                (folder / f"{place}.png").write_bytes(b"no picture")
        source = SourceSettings(name=f"s{number}", format="folder", path=str(folder), caption="optional")
        (shard,) = list_shards(source)
        found.append((shard, source))
    return found


def draw(path: pathlib.Path, number: int, place: int) -> None:
    picture = Image.new("RGB", (64, 64), (30 * number, 90, 200 - 20 * place))
    ImageDraw.Draw(picture).ellipse((8, 8, 20 + 4 * place, 50), fill="red")
    picture.save(path)


def streamed(embedder: Embedder, some: Sequence[tuple[InputShard, SourceSettings]]) -> list[Chunk]:
    stream = embedder.stream()
    return [*(chunk for one in some for chunk in stream.add(*one)), *stream.finish()]


def described(chunks: Sequence[Chunk]) -> dict[str, list[tuple[object, ...]]]:
    """By source, all that comes of its chunks."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for chunk in chunks:
        keys = tuple(image.sample.key for image in chunk.images)
        whole = (tuple(chunk.of.rejects), chunk.of.digest.hexdigest()) if chunk.is_last else None
        found.setdefault(chunk.of.source.name, []).append((keys, chunk.embeddings.numpy().tobytes(), whole))
    return found


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 4), (2, 2)])
def test_a_shard_is_what_it_is_alone(
    embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]], order: tuple[int, ...]
) -> None:
    chunks = streamed(embedder, [shards[number] for number in order])
    assert [chunk.of.source.name for chunk in chunks if chunk.is_last] == [f"s{number}" for number in order]
    alone = {f"s{number}": described(streamed(embedder, [shards[number]]))[f"s{number}"] for number in order}
    together = described(chunks)
    for number in set(order):
        assert together[f"s{number}"] == alone[f"s{number}"] * order.count(number)


def test_counts_and_chunks(embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]]) -> None:
    chunks = streamed(embedder, shards)
    by_source = {number: [one for one in chunks if one.of.source.name == f"s{number}"] for number in range(len(SIZES))}
    for number, size in enumerate(SIZES):
        images = sum(len(chunk.images) for chunk in by_source[number])
        assert images + len(by_source[number][-1].of.rejects) == (size or 2)
        assert [chunk.is_last for chunk in by_source[number]] == [False] * (len(by_source[number]) - 1) + [True]
        assert all(len(chunk.images) == B for chunk in by_source[number][:-1])
    assert [len(chunk.images) for chunk in by_source[5]] == [4, 4, 0], "as many as fill two"
    assert all(not image.prepared.pixels.size for chunk in chunks for image in chunk.images), "pixels are let go"


def test_every_batch_is_full(
    embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.uint8]] = []
    load = embedder.encoder.load
    monkeypatch.setattr(embedder.encoder, "load", lambda pixels: seen.append(pixels) or load(pixels))
    chunks = streamed(embedder, shards)
    images = sum(len(chunk.images) for chunk in chunks)
    assert [len(batch) for batch in seen] == [B] * -(-images // B), "one a shard's end would be more"
    blank = -images % B
    assert blank and not seen[-1][B - blank :].any() and all(batch.any(axis=(1, 2, 3)).all() for batch in seen[:-1])


def test_shards_leave_before_the_end(embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]]) -> None:
    stream = embedder.stream()
    before = [chunk for one in [shards[2]] * 3 for chunk in stream.add(*one)]
    assert any(chunk.is_last for chunk in before)
    assert sum(chunk.is_last for chunk in [*before, *stream.finish()]) == 3


@pytest.mark.parametrize("batch_size", [1, 7, 32])
@pytest.mark.parametrize(("precision", "threads"), [("fp32", 1), ("fp32", 2), ("bf16", 1)])
def test_an_embedding_does_not_depend_on_its_neighbours(precision: str, threads: int, batch_size: int) -> None:
    settings = ENCODER.model_copy(update={"precision": precision, "threads": threads, "batch_size": batch_size})
    encoder, random = ClipEncoder(settings), np.random.default_rng(0)
    images = random.integers(0, 256, (3 * batch_size, *encoder.size, 3), dtype=np.uint8)

    def encoded(rows: NDArray[np.int64]) -> torch.Tensor:
        batches = rows.reshape(-1, batch_size)
        return torch.cat([encoder.encode_images(images[batch]) for batch in batches])

    in_order = encoded(np.arange(len(images)))
    for _ in range(4):
        rows = random.permutation(len(images))
        assert torch.equal(encoded(rows), in_order[rows])


def test_a_source_with_embeddings_keeps_nobody_waiting(
    embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]], tmp_path: pathlib.Path
) -> None:
    shard, source = shards[0]
    rows = np.eye(3, embedder.encoder.width, dtype=np.float32)
    write_imported(tmp_path / "brought", "0", rows, image_path=[name.removesuffix(".png") for name in shard.files])
    brought = source.model_copy(update={"embeddings": str(tmp_path / "brought"), "name": "b"})
    stream = embedder.stream()
    begun = [*stream.add(*shards[4]), *stream.add(*shards[0]), *stream.add(shard, brought)]
    assert [chunk.of.source.name for chunk in begun if chunk.is_last] == ["s4", "s0"], "before the end"
    *_, last = stream.finish()
    assert last.of.source.name == "b" and last.is_last
    np.testing.assert_array_equal(last.embeddings.numpy(), rows)


def test_few_images_need_no_large_batch(embedder: Embedder) -> None:
    assert embedder.stream()._batch_size == embedder.stream(100)._batch_size == B
    assert embedder.stream(3)._batch_size == 3
    large = Embedder(ENCODER.model_copy(update={"batch_size": 256}), DecodeSettings())
    assert large.stream()._batch_size == (256 if torch.cuda.is_available() else 32)


def test_after_a_failure_nothing_goes_on(embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]]) -> None:
    stream = embedder.stream()
    list(stream.add(*shards[2]))
    (_, samples), *_ = stream._opened
    stream.close()
    assert not samples._thread.is_alive() and list(stream.finish()) == []


def test_the_next_shard_is_open_while_one_is_read(
    embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def read(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
        opened.append(shard.source)
        return read_samples(shard, source)

    monkeypatch.setattr("transforms.annotating.embedding_stream.read_samples", read)
    stream = embedder.stream()
    assert list(stream.add(*shards[2])) == [] and opened == ["s2"]
    assert list(stream.add(*shards[5])) == [] and opened == ["s2", "s5"], "nine samples are still being decoded"
    chunks = stream.add(*shards[1])
    first = next(chunks)
    assert first.of.source.name == "s2" and not first.is_last and opened == ["s2", "s5", "s1"]
    assert [chunk.is_last for chunk in [*chunks, *stream.finish()]].count(True) == 3


def test_a_shard_that_is_gone(embedder: Embedder, shards: list[tuple[InputShard, SourceSettings]]) -> None:
    shard, source = shards[0]
    gone = InputShard("s0", "x", "webdataset", shard.path / "gone.tar", 1)
    with pytest.raises(InputError, match=r"gone\.tar is gone since it was listed"):
        streamed(embedder, [shards[1], (gone, source), shards[2]])
