"""What stands around a tar's images, by column and one by one: ``python -m tests.benchmarks.bench_members``.

Names, captions, JSON records and the three headers of each sample, for samples with ten concepts: as export makes them,
in Arrow, and as one would in plain Python, by ``json`` and ``tarfile``. One core; that both make the same is tested.
"""

from __future__ import annotations

import json
import tarfile

import numpy as np
import pyarrow as pa

from tests.benchmarks.bench_export import CAPTION, CONCEPTS, CONCEPTS_PER_IMAGE
from tests.benchmarks.harness import best_secs, keep
from transforms.exporting.members import concept_openings, describe
from transforms.tar.layout import TarLayout

SAMPLES = 20_000
RECORD = '{"url":"https://example.org/images/1234567.jpg","similarity":0.3183,"original_width":512,"exif":"{}"}'


def make_samples() -> pa.Table:
    random = np.random.default_rng(0)
    ids = random.integers(0, CONCEPTS, SAMPLES * CONCEPTS_PER_IMAGE, dtype=np.int32)
    scores = random.random(SAMPLES * CONCEPTS_PER_IMAGE).astype(np.float16)
    columns = {
        "key": [f"{row:09d}" for row in range(SAMPLES)],
        "source": ["random"] * SAMPLES,
        "shard": ["00000"] * SAMPLES,
        "width": [512] * SAMPLES,
        "height": [384] * SAMPLES,
        "inclusion_probability": random.random(SAMPLES),
        "caption": [CAPTION] * SAMPLES,
        "lang": ["en"] * SAMPLES,
        "format": ["jpg"] * SAMPLES,
        "copy": pa.array([0] * SAMPLES, pa.int32()),
        "concept_ids": pa.FixedSizeListArray.from_arrays(pa.array(ids), CONCEPTS_PER_IMAGE),
        "concept_scores": pa.FixedSizeListArray.from_arrays(pa.array(scores), CONCEPTS_PER_IMAGE),
        "source_key": pa.nulls(SAMPLES, pa.string()),
        "source_record": [RECORD] * SAMPLES,
    }
    return pa.table(columns)


def one_at_a_time(samples: pa.Table, names: list[str], image_bytes: int) -> None:
    for row in samples.to_pylist():
        concepts = [
            {"id": concept, "name": names[concept], "score": round(score, 4)}
            for concept, score in zip(row["concept_ids"], row["concept_scores"], strict=True)
        ]
        record = {
            **{name: row[name] for name in ("key", "source", "shard", "width", "height")},
            "concepts": concepts,
            "inclusion_probability": row["inclusion_probability"],
            "captions": {row["lang"]: row["caption"]},
            "source_record": json.loads(row["source_record"]),
        }
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        sizes = {row["format"]: image_bytes, "txt": len(row["caption"].encode()), "json": len(text)}
        for ending, size in sizes.items():
            member = tarfile.TarInfo(f"{row['source']}/{row['shard']}/{row['key']}.{ending}")
            member.size = size
            member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def main() -> None:
    samples, image_bytes = make_samples(), 120_000
    names = [f"concept {number}" for number in range(CONCEPTS)]
    openings = concept_openings(pa.array(names))
    sizes = np.full(SAMPLES, image_bytes)
    by_column = best_secs(lambda: TarLayout.of(describe(samples, openings), sizes))
    by_sample = best_secs(lambda: one_at_a_time(samples, names, image_bytes))
    keep(
        "members",
        samples=SAMPLES,
        micros_a_sample=by_column / SAMPLES * 1e6,
        plain_python_micros_a_sample=by_sample / SAMPLES * 1e6,
        plain_python_to_by_column=by_sample / by_column,
    )


if __name__ == "__main__":
    main()
