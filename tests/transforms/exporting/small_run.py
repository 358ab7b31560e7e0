"""A run folder up to the selection, over real files, for the tests of export."""

from __future__ import annotations

import io
import json
import os
import pathlib
import tarfile
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import xxhash
from PIL import Image

from pipelines import export
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from tests.transforms.synthetic_annotations import write_vocabulary
from transforms import datasets
from transforms.exporting.settings import ExportSettings
from transforms.keyed import sample_ids
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.raw_sample import RawSample
from transforms.reading.samples import read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

FINGERPRINT = "0123456789abcdef"
CONCEPTS = ["dog", "cat", "狗", 'say "hi"', "tree"]
K = 3


@dataclass(frozen=True)
class SmallRun:
    folder: RunFolder
    inputs: list[InputShard]
    sources: dict[str, SourceSettings]
    images: dict[tuple[str, str, str], bytes]  # (source, shard, key) → original bytes
    captions: dict[tuple[str, str, str], str | None]
    copies: dict[tuple[str, str, str], int]

    @property
    def shards(self) -> pathlib.Path:
        return pathlib.Path(self.folder.shards.path)

    def export(self, workers: int = 1, **settings: object) -> Counts:
        export.run(
            self.folder,
            self.inputs,
            self.sources,
            ExportSettings.model_validate(settings),
            InProcessEngine(RunnerSettings(workers=workers)),
        )
        return Counts.from_dict(json.loads(self.folder.counts("export").read_text()))

    def digests(self) -> dict[str, str]:
        """Every file of the output folder, by what it holds."""
        return {
            str(path.relative_to(self.shards)): xxhash.xxh3_128_hexdigest(path.read_bytes())
            for path in sorted(self.shards.rglob("*"))
            if path.is_file()
        }


def small_run(root: pathlib.Path, sources: list[SourceSettings], copies: Callable[[int], int]) -> SmallRun:
    """Annotations and selection of every sample of the sources; the n-th of all is selected ``copies(n)`` times."""
    folder = RunFolder(StoragePath.of(root), FINGERPRINT)
    run = SmallRun(folder, [], {source.name: source for source in sources}, {}, {}, {})
    for source in sources:
        for shard in list_shards(source, files_per_shard=50):
            run.inputs.append(shard)
            _annotate(run, shard, source, copies)
    write_vocabulary(folder, CONCEPTS)
    return run


def _annotate(run: SmallRun, shard: InputShard, source: SourceSettings, copies: Callable[[int], int]) -> None:
    samples = [sample for sample in read_samples(shard, source) if isinstance(sample, RawSample)]
    keys = [sample.key for sample in samples]
    sizes, formats = [], []
    for sample in samples:
        with Image.open(io.BytesIO(sample.image)) as image:
            sizes.append(image.size)
            formats.append({"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[image.format])
    ids = np.array([[number % len(CONCEPTS), 2, -1] for number in range(len(keys))], dtype=np.int32)
    scores = np.tile(np.array([0.5, 0.25, 0.0], dtype=np.float16), (len(keys), 1))
    columns = {
        "key": keys,
        "sample_id": sample_ids(shard.source, shard.name, keys),
        "source": [shard.source] * len(keys),
        "shard": [shard.name] * len(keys),
        "member_offset": [sample.member_offset for sample in samples],
        "member_bytes": [sample.member_bytes for sample in samples],
        "format": formats,
        "width": [width for width, _ in sizes],
        "height": [height for _, height in sizes],
        "caption": [sample.caption for sample in samples],
        "lang": ["zh" if sample.caption and not sample.caption.isascii() else "en" for sample in samples],
        "content_hash": [xxhash.xxh3_128_digest(sample.image) for sample in samples],
        "perceptual_hash": np.zeros(len(keys), dtype=np.uint64),
        "concept_ids": pa.FixedSizeListArray.from_arrays(pa.array(ids.reshape(-1)), K),
        "concept_scores": pa.FixedSizeListArray.from_arrays(pa.array(scores.reshape(-1)), K),
        "source_key": [sample.source_key for sample in samples],
        "source_record": [sample.source_record for sample in samples],
    }
    annotations = pa.table(columns, schema=datasets.annotations_schema(K))
    datasets.write_table(run.folder.annotations(shard.source, shard.name), annotations, FINGERPRINT)
    chosen = []
    for sample in samples:
        identity = (shard.source, shard.name, sample.key)
        number = copies(len(run.images))
        run.images[identity] = sample.image
        run.captions[identity] = sample.caption
        if number:
            run.copies[identity] = number
            chosen.append((sample.key, shard.name, number, 0.125))
    selection = pa.table([list(column) for column in zip(*chosen, strict=True)] or [[]] * 4, schema=datasets.SELECTION)
    datasets.write_table(run.folder.selection(shard.source, shard.name), selection, FINGERPRINT)


def some_copies(number: int) -> int:
    """Half of the samples not at all, a quarter once, a quarter twice."""
    return (0, 1, 2, 0)[number % 4]


def draw_tars(
    folder: pathlib.Path, shards: int, samples: int, formats: tuple[str, ...] = ("JPEG",), records: bool = False
) -> SourceSettings:
    """Tars of small noisy images, one in five with a Chinese caption; the same keys in every tar.

    With ``records`` every other sample has a JSON of the source, no two of one shape.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for shard in range(shards):
        with tarfile.open(folder / f"{shard:05d}.tar", "w") as tar:
            for number in range(samples):
                image_format = formats[number % len(formats)]
                stream = io.BytesIO()
                pixels = random.integers(0, 255, (12 + number % 5, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(stream, image_format)
                caption = f"图片 {shard} {number}" if number % 5 == 3 else f"image {shard} {number}"
                ending = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[image_format]
                parts = [(ending, stream.getvalue()), ("txt", caption.encode())]
                if records and number % 2:
                    parts.append(("json", source_record(number).encode()))
                for part, data in parts:
                    member = tarfile.TarInfo(f"{number:04d}.{part}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
    return SourceSettings(name=folder.name, format="webdataset", path=str(folder), license="cc-by-4.0", language="auto")


def source_record(number: int) -> str:
    """What the source says of every other sample."""
    return json.dumps({"url": f"https://example.org/{number}", "exif": [{"n": number}, number, None][number % 3]})


def real_data(name: str) -> pathlib.Path | None:
    """A folder of real data, where there is one."""
    root = pathlib.Path(__file__).parents[3]
    folder = pathlib.Path(os.environ.get("EVENWEAVE_REAL_DATA", root.parent / "shared" / "data")) / name
    return folder if folder.is_dir() else None
