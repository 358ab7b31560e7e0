"""The sample of images: shards by their keys, and of each the first."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from PIL import Image

from transforms.annotating.concepts.image_sample import IMAGES, choose, embed_sample, part, read_sample
from transforms.annotating.embedder import Embedder
from transforms.annotating.settings import EncoderSettings
from transforms.errors import InputError
from transforms.images.decode import DecodeSettings
from transforms.reading.input_shard import InputShard
from transforms.reading.listing import list_shards
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath

ENCODER = EncoderSettings(model="configs/encoder/tiny", precision="fp32", batch_size=2)


def shards(number: int) -> list[InputShard]:
    return [InputShard("web", f"{one:05d}", "webdataset", StoragePath("/x"), 1) for one in range(number)]


def test_shards_are_chosen_by_their_names_and_not_by_their_order() -> None:
    chosen = choose(shards(1000))
    assert chosen == choose(shards(1000)[::-1])
    assert sum(shard.limit or 0 for shard in chosen) == IMAGES
    assert {shard.name for shard in chosen} != {shard.name for shard in shards(len(chosen))}


def test_few_shards_are_looked_into_the_deeper() -> None:
    assert [shard.limit for shard in choose(shards(2))] == [IMAGES // 2] * 2


def test_it_holds_the_first_images_of_each_shard_that_can_be_read(tmp_path: pathlib.Path) -> None:
    for number in range(6):
        Image.new("RGB", (64, 64), (40 * number, 0, 0)).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes(b"no picture")
    source = SourceSettings(name="web", format="folder", path=str(tmp_path), caption="optional")
    chosen = choose(list_shards(source, files_per_shard=3))
    embedder = Embedder(ENCODER, DecodeSettings())
    folder = StoragePath.of(tmp_path / "sample")
    for number, shard in enumerate(chosen):
        embed_sample(embedder, shard, source, part(folder, number))
    found = read_sample(folder, len(chosen))
    assert found.shape == (5, embedder.encoder.width)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_none_that_can_be_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no picture")
    source = SourceSettings(name="web", format="folder", path=str(tmp_path), caption="optional")
    folder = StoragePath.of(tmp_path / "sample")
    embed_sample(Embedder(ENCODER, DecodeSettings()), list_shards(source)[0], source, part(folder, 0))
    with pytest.raises(InputError, match="none of the first images of 1 shards can be read"):
        read_sample(folder, 1)
