"""Concepts of captions through the chain: annotations, balance, report, export, and the check of a vocabulary."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import webdataset

from concept_vocab.matching.forms import SurfaceForm
from concept_vocab.matching.matcher import CaptionMatcher
from tests.integration.conftest import MINI, build_until, digests, evenweave, read_all, small_corpus
from transforms.stages import ANNOTATE

pytestmark = pytest.mark.slow

IMAGES = 300
BOTH = ["--set", "retrieval.assign.by=both", "--set", "retrieval.assign.concepts_per_caption=6"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return small_corpus(tmp_path_factory.mktemp("corpus"), images=IMAGES)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, corpus: list[str]) -> pathlib.Path:
    run = tmp_path_factory.mktemp("both") / "run"
    evenweave("build", MINI, "--output", run, *corpus, *BOTH, "--set", "runner.workers=2")
    return run


def _rows(run: pathlib.Path) -> list[dict[str, Any]]:
    return read_all(run / "annotations").to_pylist()


def test_rows_hold_what_was_retrieved_and_what_captions_name(both: pathlib.Path) -> None:
    names = pq.read_table(both / "vocabulary" / "vocabulary.parquet")["name"].to_pylist()
    rows = _rows(both)
    matcher = CaptionMatcher(SurfaceForm(number, name, False) for number, name in enumerate(names))
    named = matcher.match([row["caption"] for row in rows], longest=True).to_pylist()
    assert sum(map(len, named)) > IMAGES
    for row, of_caption in zip(rows, named, strict=True):
        held = dict(zip(row["concept_ids"], row["concept_scores"], strict=True))
        assert {concept for concept, score in held.items() if score == 1} == set(of_caption[:6])
        assert sum(cosine > -1 for cosine in row["concept_cosines"]) == 8
        assert row["concept_scores"] == sorted(row["concept_scores"], reverse=True)


def test_balance_and_export_count_them(both: pathlib.Path) -> None:
    rejected = set(read_all(both / "rejects" / "deduplicate")["key"].to_pylist())
    counts = np.zeros(len(pq.read_table(both / "concepts.parquet")), int)
    for row in (row for row in _rows(both) if row["key"] not in rejected):
        held = [one for one, score in zip(row["concept_ids"], row["concept_scores"], strict=True) if score >= 0.2]
        np.add.at(counts, held, 1)
    assert pq.read_table(both / "concepts.parquet")["count_before"].to_pylist() == counts.tolist()
    samples = list(webdataset.WebDataset(sorted(map(str, (both / "shards").glob("*.tar"))), shardshuffle=False))
    scores = [one["score"] for sample in samples for one in json.loads(sample["json"])["concepts"]]
    assert 1.0 in scores and min(scores) > -1


def test_one_worker_writes_the_same(both: pathlib.Path, corpus: list[str], tmp_path: pathlib.Path) -> None:
    build_until(ANNOTATE, MINI, "--output", tmp_path / "run", *corpus, *BOTH, "--set", "runner.workers=1")
    assert {name: digest for name, digest in digests(tmp_path / "run").items() if "annotations" in name} == {
        name: digest for name, digest in digests(both).items() if "annotations" in name
    }


def test_the_report_and_the_check_hold_one_beside_the_other(both: pathlib.Path) -> None:
    assert "By image and by caption" in (both / "report" / "index.html").read_text()
    told = json.loads(evenweave("vocabulary", "check", both, "--json").stdout)
    every = told["by_type"][-1]
    in_english = [row for row in _rows(both) if row["lang"] == "en"]  # the language of the vocabulary
    assert len(_rows(both)) > told["captioned"] == len(in_english)
    assert every["found"] > 0.7 and every["lift"] > 3
    printed = evenweave("vocabulary", "check", both, "--most", "1").stdout
    assert "beyond" in printed and "hubs" in printed


def test_metaclip_takes_captions_alone(corpus: list[str], tmp_path: pathlib.Path) -> None:
    settings = {
        "retrieval.assign.by": "caption",
        "retrieval.assign.matching": "metaclip",
        "balance.method": "metaclip",
        "balance.metaclip_unmatched": "false",
        "balance.min_similarity": 0,
    }
    overrides = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    evenweave("build", MINI, "--output", tmp_path / "run", *corpus, *overrides, "--set", "runner.workers=2")
    rows = {row["key"]: row for row in _rows(tmp_path / "run")}
    assert {len(row["concept_ids"]) for row in rows.values()} == {16}
    chosen = read_all(tmp_path / "run" / "selection")["key"].to_pylist()
    assert all(max(rows[key]["concept_ids"]) >= 0 for key in chosen)
    assert any(max(row["concept_ids"]) < 0 for row in rows.values())
    assert "By image and by caption" not in (tmp_path / "run" / "report" / "index.html").read_text()
    assert "of type entity (in the corpus" in (tmp_path / "run" / "report" / "index.html").read_text()
    checked = evenweave("vocabulary", "check", tmp_path / "run", check=False)
    assert checked.returncode and "takes concepts from captions alone" in checked.stdout + checked.stderr


def test_a_later_vocabulary_does_not_take_such_annotations_over(
    both: pathlib.Path, corpus: list[str], tmp_path: pathlib.Path
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("\n".join(f"thing {number}" for number in range(20)), encoding="utf-8")
    other = ["--set", f"vocabulary.path={words}", "--set", f"reuse={both}"]
    done = evenweave("build", MINI, "--output", tmp_path / "run", *corpus, *BOTH, *other, check=False)
    assert done.returncode == 2 and "Leave reuse out" in done.stderr + done.stdout
