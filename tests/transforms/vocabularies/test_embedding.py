"""Vectors of names, kept a range at a time."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from transforms.annotating.settings import EncoderSettings
from transforms.errors import RunFolderError
from transforms.storage import StoragePath
from transforms.vocabularies import embedding
from transforms.vocabularies.embedding import EmbeddingJob

NAMES = [f"name {number}" for number in range(7)]


@pytest.fixture
def job(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddingJob:
    monkeypatch.setattr(embedding, "_NAMES_A_RANGE", 3)
    return EmbeddingJob(StoragePath.of(tmp_path), "en", NAMES, EncoderSettings(model="tiny"), "digest")


def write(job: EmbeddingJob) -> None:
    for number, one in enumerate(job.ranges()):
        pathlib.Path(str(one.path)).parent.mkdir(parents=True, exist_ok=True)
        np.save(str(one.path), np.full((len(one.names), 2), number, np.float32))


def test_ranges_are_all_names_in_order_and_only_missing_ones_are_made(job: EmbeddingJob) -> None:
    assert [name for one in job.ranges() for name in one.names] == NAMES
    assert job.missing() == job.ranges()
    write(job)
    assert job.missing() == []
    assert job.read()[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 2]
    pathlib.Path(str(job.ranges()[1].path)).unlink()
    assert job.missing() == [job.ranges()[1]]


@pytest.mark.parametrize("change", [{"names": NAMES[::-1]}, {"encoder_digest": "other"}, {"language": "zh"}])
def test_other_names_or_encoders_are_other_files(change: dict[str, object], job: EmbeddingJob) -> None:
    values = {"names": NAMES, "encoder_digest": "digest", "language": "en", **change}
    other = EmbeddingJob(folder=job.folder, encoder=job.encoder, **values)  # type: ignore[arg-type]
    assert not {one.path for one in other.ranges()} & {one.path for one in job.ranges()}


def test_damage(job: EmbeddingJob) -> None:
    write(job)
    path = pathlib.Path(str(job.ranges()[0].path))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunFolderError, match="is damaged"):
        job.read()
    np.save(str(path), np.zeros((2, 2), np.float32))
    with pytest.raises(RunFolderError, match="does not hold a vector a name"):
        job.read()
