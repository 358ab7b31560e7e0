"""A folder of pictures annotated by the tiny encoder."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageDraw

from tests.transforms.annotating.test_imported_embeddings import write as write_imported
from transforms.annotating.annotator import Annotator
from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.embedding_stream import Chunk
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.datasets import list_matrix
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import list_shards
from transforms.reading.settings import SourceSettings

ENCODER = EncoderSettings(model="configs/encoder/tiny", precision="fp32", batch_size=2)
CAPTIONS = {"a": "a red circle", "b": None, "c": "一只狗", "d": None, "e": None}


@pytest.fixture
def source(tmp_path: pathlib.Path) -> SourceSettings:
    for place, (name, caption) in enumerate(CAPTIONS.items()):
        picture = Image.new("RGB", (64, 64), "white")
        ImageDraw.Draw(picture).ellipse((8, 8, 20 + 8 * place, 50), fill="red")
        picture.save(tmp_path / f"{name}.png")
        if caption is not None:
            (tmp_path / f"{name}.txt").write_text(caption, encoding="utf-8")
    return SourceSettings(name="web", format="folder", path=str(tmp_path), caption="optional")


def test_similarity_is_the_cosine_of_image_and_caption(source: SourceSettings) -> None:
    """Batches with a caption for each image, for some, and for none."""
    encoder = ClipEncoder(ENCODER)
    concepts = encoder.encode_texts(["a circle", "a dog"])
    retrieval = RetrievalSettings(concepts_per_image=2, keep_embedding=True, caption_similarity=True)
    (shard,) = list_shards(source)
    annotated = Annotator(ENCODER, retrieval, DecodeSettings(), ConceptVectors(concepts)).annotate(shard, source)
    table = annotated.table
    assert annotated.rejects == []
    assert dict(zip(table["key"].to_pylist(), table["caption"].to_pylist(), strict=True)) == CAPTIONS
    images = list_matrix(table["embedding"]).astype(np.float32)
    for image, caption, similarity in zip(
        images, table["caption"].to_pylist(), table["caption_similarity"].to_pylist(), strict=True
    ):
        if caption is None:
            assert similarity is None
        else:
            assert similarity == pytest.approx(float(image @ encoder.encode_texts([caption])[0]), abs=1e-3)
            assert abs(similarity) > 0.01


def test_similarity_is_stored_only_where_it_is_asked_for(source: SourceSettings) -> None:
    concepts = ClipEncoder(ENCODER).encode_texts(["a circle"])
    (shard,) = list_shards(source)
    annotator = Annotator(ENCODER, RetrievalSettings(concepts_per_image=1), DecodeSettings(), ConceptVectors(concepts))
    assert "caption_similarity" not in annotator.annotate(shard, source).table.column_names


def test_embeddings_that_a_source_brings_along_are_not_made_again(
    source: SourceSettings, tmp_path: pathlib.Path
) -> None:
    concepts = ClipEncoder(ENCODER).encode_texts(["a circle", "a dog", "a cat"])
    (shard,) = list_shards(source)
    keys = [name.removesuffix(".png") for name in shard.files]
    rows = concepts[[2, 0, 1, 2, 1]]  # what no encoder would make of these pictures
    write_imported(tmp_path / "brought", "0", rows[::-1], image_path=keys[::-1])
    brought = source.model_copy(update={"embeddings": str(tmp_path / "brought")})
    annotator = Annotator(ENCODER, RetrievalSettings(concepts_per_image=1), DecodeSettings(), ConceptVectors(concepts))
    assert list_matrix(annotator.annotate(shard, brought).table["concept_ids"])[:, 0].tolist() == [2, 0, 1, 2, 1]


def test_shards_in_one_stream_are_what_they_are_alone(source: SourceSettings) -> None:
    concepts = ConceptVectors(ClipEncoder(ENCODER).encode_texts(["a circle", "a dog", "a cat"]))
    annotator = Annotator(ENCODER, RetrievalSettings(concepts_per_image=2), DecodeSettings(), concepts)
    shards = list_shards(source, files_per_shard=3)
    assert len(shards) > 1
    stream = annotator.stream()
    together = [*(one for shard in shards for one in stream.add(shard, source)), *stream.finish()]
    alone = [annotator.annotate(shard, source) for shard in shards]
    assert [one.result() for one in together] == alone
    assert stream.times().busy_secs > 0


def test_what_fails_beside_the_encoder_is_told(source: SourceSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    concepts = ConceptVectors(ClipEncoder(ENCODER).encode_texts(["a circle"]))
    annotator = Annotator(ENCODER, RetrievalSettings(concepts_per_image=1), DecodeSettings(), concepts)

    def fail(chunk: Chunk) -> pa.Table:
        raise MemoryError(len(chunk.images))

    monkeypatch.setattr(annotator, "table", fail)
    (shard,) = list_shards(source)
    with pytest.raises(MemoryError):
        annotator.annotate(shard, source)
