"""A benchmark of a few drawn charts and two long questions, as files; and rows that ask about pictures."""

from __future__ import annotations

import io
import json
import pathlib

import numpy as np
from PIL import Image as Pixels
from PIL import ImageDraw

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image
from transforms.instruct.decontaminating.fingerprints import FingerprintFiles, Sample, fingerprint_part
from transforms.instruct.decontaminating.index import BenchmarkIndex, BenchmarkPrints
from transforms.instruct.decontaminating.judging import Judge
from transforms.instruct.decontaminating.settings import Benchmark, DecontaminateSettings
from transforms.instruct.media import Measured, MediaFiles
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.rows import Medium, Row
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath

CHARTS = 6
LONG = (
    "A farmer in the north of the valley keeps forty seven goats, sells nine of them at the spring market, and buys "
    "three more in the autumn; how many goats does the farmer keep when the winter begins?",
    "Two trains leave the harbour of Elmira at noon, one at fifty miles an hour to the east and the other at sixty "
    "miles an hour to the west; how far apart are both of them when the clock strikes five?",
)


def chart(number: int, size: tuple[int, int] = (240, 160)) -> Pixels.Image:
    """Bars whose heights are the number's own, in a layout that all share."""
    image = Pixels.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    heights = np.random.default_rng(number).integers(20, 120, 6)
    for place, height in enumerate(heights.tolist()):
        left = 20 + place * 34
        draw.rectangle([left, 140 - height, left + 22, 140], fill=(40, 90 + 20 * place, 160))
    draw.line([12, 10, 12, 140, 228, 140], fill="black", width=2)
    draw.text((60, 2), f"Chart {number}", fill="black")
    return image


def encoded(image: Pixels.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def write_benchmark(folder: pathlib.Path) -> pathlib.Path:
    """questions.jsonl: one about each chart, and the long ones."""
    (folder / "images").mkdir(parents=True)
    lines = []
    for number in range(CHARTS):
        (folder / "images" / f"{number}.jpg").write_bytes(encoded(chart(number)))
        question = f"Which bar of the chart is number {number}?\nA. one\nB. two\nAnswer with the letter."
        lines.append({"question_id": f"q{number}", "question": question, "image": f"images/{number}.jpg"})
    lines += [{"question_id": f"long{place}", "question": text} for place, text in enumerate(LONG)]
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def settings_of(path: pathlib.Path, **changes: object) -> DecontaminateSettings:
    return DecontaminateSettings.model_validate({"benchmarks": [{"name": "small", "path": str(path)}], **changes})


def files_in(folder: pathlib.Path, hashes_alone: bool = False) -> FingerprintFiles:
    paths = [StoragePath.of(str(folder / name)) for name in ("small.parquet", "small.pictures", "sample.parquet")]
    return FingerprintFiles(paths[0]) if hashes_alone else FingerprintFiles(*paths)


def prints_of(folder: pathlib.Path, benchmark: Benchmark, hashes_alone: bool = False) -> BenchmarkPrints:
    (part,) = list_parts(benchmark.source)
    files = files_in(folder, hashes_alone)
    fingerprint_part(benchmark, part, DecontaminateSettings().text, files, "f", Sample(5, 0, "small"))
    return BenchmarkPrints(benchmark.name, (files,), "f", benchmark.match_names)


def judge_of(folder: pathlib.Path, hashes_alone: bool = False, **changes: object) -> Judge:
    settings = settings_of(write_benchmark(folder), **changes)
    benchmark = prints_of(folder, settings.benchmarks[0], hashes_alone)
    return Judge(BenchmarkIndex((benchmark,), settings.most_questions), settings)


def row(key: str, question: str, picture: bytes | None = None, answer: str = "A") -> Row:
    """As standardise leaves it."""
    if picture is None:
        return Row(key, "s", (turn("user", question), turn("assistant", answer)))
    files = MediaFiles(InstructSource(name="s", path="s"), StoragePath.of("/"))
    measured = files.measure(key, Medium("image", data=picture))
    assert isinstance(measured, Measured)
    return Row(key, "s", (turn("user", Image(0), question), turn("assistant", answer)), media=(measured.medium,))
