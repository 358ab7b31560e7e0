"""Bundles as a runner hands them to a worker: with shards done before, taken over and encoded, and after a failure."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import pytest
import torch
from apache_beam.pvalue import TaggedOutput
from PIL import Image

from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.beam import Annotate, ShardToAnnotate, _AnnotateShard
from transforms.annotating.concepts.beam import SampleImages
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.errors import ConfigError, InputError
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath
from transforms.vocabularies.beam import EmbedNames
from transforms.vocabulary_folder import save_vocabulary

ENCODER = EncoderSettings(model="configs/encoder/tiny", precision="fp32", batch_size=4)
RETRIEVAL = RetrievalSettings(concepts_per_image=2, keep_embedding=True)
NAMES = ["a circle", "a dog", "a cat"]
IMAGES, IN_SHARD = 11, 3


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceSettings:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(IMAGES):
        Image.new("RGB", (64, 64), (20 * number, 90, 200)).save(folder / f"{number:02d}.png")
        (folder / f"{number:02d}.txt").write_text(f"picture {number}")
    (folder / "04.png").write_bytes(b"no picture")
    return SourceSettings(name="web", format="folder", path=str(folder), language="en")


@pytest.fixture(scope="module")
def shards(source: SourceSettings) -> list[InputShard]:
    return list_shards(source, files_per_shard=IN_SHARD)


def run_folder(path: pathlib.Path, fingerprint: str) -> RunFolder:
    folder = RunFolder(StoragePath.of(path), fingerprint)
    concepts = Vocabulary.from_names(NAMES, "en", "test", {}, {}).table
    save_vocabulary(folder, concepts, ClipEncoder(ENCODER).encode_texts(NAMES), {})
    return folder


def annotator(folder: RunFolder, source: SourceSettings, on_gpu: bool = False) -> _AnnotateShard:
    return _AnnotateShard(folder, {source.name: source}, ENCODER, RETRIEVAL, DecodeSettings(), on_gpu)


def bundle(annotate: _AnnotateShard, shards: Sequence[ShardToAnnotate]) -> list[Counts]:
    annotate.start_bundle()
    early = [counts for shard in shards for counts in annotate.process(shard)]
    late = [one.value for one in annotate.finish_bundle() if not isinstance(one, TaggedOutput)]
    return [*early, *late]


def files(folder: RunFolder) -> dict[str, bytes]:
    return {
        path.relative_to(folder.root): path.read_bytes()
        for part in ("annotations", "rejects", "embeddings")
        for path in (folder.root / part).walk()
    }


def to_do(shards: Sequence[InputShard]) -> list[ShardToAnnotate]:
    return [ShardToAnnotate(shard, f"{number:05d}") for number, shard in enumerate(shards)]


def test_done_taken_over_and_encoded_in_one_bundle(
    source: SourceSettings, shards: list[InputShard], tmp_path: pathlib.Path
) -> None:
    assert len(shards) == 4
    alone, mixed, other = (run_folder(tmp_path / name, name[0]) for name in ("fresh", "fused", "other"))
    whole = sum(bundle(annotator(alone, source), to_do(shards)), start=Counts())
    assert (whole.rows_in, whole.rows_out) == (IMAGES, IMAGES - 1)
    bundle(annotator(other, source), to_do(shards))
    todo = to_do(shards)
    bundle(annotator(mixed, source), todo[2:3])
    written = pathlib.Path(mixed.annotations("web", todo[2].shard.name).path).stat
    done = written().st_mtime_ns
    todo[1] = todo[1]._replace(made_by=other)
    counts = bundle(annotator(mixed, source), todo)
    assert len(counts) == len(shards) and sum(counts, start=Counts()) == whole
    assert written().st_mtime_ns == done
    assert files(mixed) == files(alone)


def test_a_bundle_after_one_that_failed(
    source: SourceSettings, shards: list[InputShard], tmp_path: pathlib.Path
) -> None:
    folder = run_folder(tmp_path / "run", "f")
    annotate = annotator(folder, source)
    gone = InputShard(source.name, "gone", "webdataset", StoragePath.of(tmp_path / "gone.tar"), 10240)
    with pytest.raises(InputError, match=r"gone\.tar"):
        bundle(annotate, [*to_do(shards[:2]), ShardToAnnotate(gone, "00009")])
    counts = bundle(annotate, to_do(shards))
    assert sum(counts, start=Counts()) == Counts(IMAGES, IMAGES - 1, {"undecodable_image": 1})
    alone = run_folder(tmp_path / "alone", "f")
    bundle(annotator(alone, source), to_do(shards))
    assert files(folder) == files(alone)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_was_asked_for_is_looked_for_before_work(
    tmp_path: pathlib.Path, source: SourceSettings, shards: list[InputShard]
) -> None:
    folder = run_folder(tmp_path, "a" * 16)
    with pytest.raises(ConfigError, match="asks for a GPU"):
        bundle(annotator(folder, source, on_gpu=True), [ShardToAnnotate(shards[0], "0")])
    hints = {"accelerator": "type:nvidia-l4;count:1"}
    for step in (
        Annotate(folder, {}, ENCODER, RETRIEVAL, DecodeSettings(), hints)._annotate,
        SampleImages(folder.root, [], {}, ENCODER, DecodeSettings(), hints)._sample,
        EmbedNames([], ENCODER, "en", hints)._embed,
    ):
        assert step._on_gpu
