"""Embeddings kept by one run and brought along by the source of another."""

from __future__ import annotations

import pathlib
from collections import Counter

import numpy as np
import pytest

from tests.integration.conftest import MINI, build_until, digests, evenweave, read_all, small_corpus
from transforms.stages import ANNOTATE

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("finished_run")  # it draws the corpus
def test_kept_found_sound_and_read_again(corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    kept, brought = tmp_path / "kept", tmp_path / "brought"
    job = [MINI, "--output", kept, *small_corpus(corpus), "--set", "retrieval.keep_embedding=true"]
    evenweave("annotate", *job, check=False)  # the vocabulary comes first
    evenweave("build", *job)
    annotations = read_all(kept / "annotations")
    rows = sum(len(np.load(path)) for path in (kept / "embeddings" / "img_emb").iterdir())
    assert rows == len(annotations) == read_all(kept / "embeddings" / "metadata").num_rows
    assert "is sound" in evenweave("verify", kept).stdout

    whole = digests(kept)
    (kept / "embeddings" / "img_emb" / "img_emb_3.npy").unlink()
    assert "img_emb_3.npy is missing" in evenweave("build", *job, check=False).stderr
    damaged = kept / "embeddings" / "img_emb" / "img_emb_5.npy"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\0")
    assert "does not hold the embeddings of 00005.parquet" in evenweave("verify", kept, check=False).stdout
    evenweave("verify", kept, "--repair")
    evenweave("build", *job)
    assert digests(kept) == whole

    source = ["--set", f"sources.0.embeddings={kept / 'embeddings'}"]
    build_until(ANNOTATE, MINI, "--output", brought, *small_corpus(corpus), *source)
    first = [
        dict(zip(one["key"].to_pylist(), one["concept_ids"].to_pylist(), strict=True))
        for one in (annotations, read_all(brought / "annotations"))
    ]
    agreed = Counter(first[0][key][0] == first[1][key][0] for key in first[0])
    assert first[0].keys() == first[1].keys() and agreed[False] <= 0.01 * len(annotations)  # 16 bits round
