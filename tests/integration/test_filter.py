"""Filter in the chain: counts as pandas finds them, a trial that tells the same, resume, the same bytes however run."""

from __future__ import annotations

import json
import pathlib
import re

import pandas as pd
import pytest

from tests.integration.conftest import MINI, digests, evenweave, read_all, small_corpus

pytestmark = pytest.mark.slow

RULES = {
    "retrieval.caption_similarity": "true",
    "filter.max_aspect_ratio": 1.4,
    "filter.min_words": 8,
    "filter.min_characters": 14,
    "filter.languages": "{miniature: [en]}",
    "filter.min_caption_similarity": 0.35,
    "filter.expression": "width * height >= 20000 or format in ['webp']",
    "filter.max_caption_images": 1,
    "balance.size": 10,
}


def overrides(corpus: pathlib.Path, folder: pathlib.Path) -> list[str]:
    words = folder / "words.txt"
    words.write_text("# of the drawings\nblack\nnext to\n红色\n", encoding="utf-8")
    rules = RULES | {"filter.blocked_words": words}
    return small_corpus(corpus, images=300) + [
        part for rule in rules.items() for part in ("--set", "{}={}".format(*rule))
    ]


def reasons(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows × reasons in the order of the rules, worked out anew."""
    sides = rows[["width", "height"]]
    caption = rows["caption"]
    words, characters = caption.str.split().str.len(), caption.str.strip().str.len()
    blocked = caption.str.contains(r"\bblack\b|\bnext\W+to\b|红色", flags=re.IGNORECASE)
    return pd.DataFrame(
        {
            "aspect_ratio": sides.max(axis=1) / sides.min(axis=1) > 1.4,
            "caption_too_short": (words < 8).where(rows["lang"] != "zh", characters < 14),
            "unexpected_language": ~rows["lang"].isin(["en"]),
            "blocked_word": blocked,
            "unlike_caption": rows["caption_similarity"] < 0.35,
            "expression": ~((rows["width"] * rows["height"] >= 20000) | (rows["format"] == "webp")),
            "common_caption": caption.map(caption.value_counts()) > 1,
        }
    )


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[str]]:
    folder = tmp_path_factory.mktemp("filtered")
    settings = overrides(folder / "corpus", folder)
    evenweave("build", MINI, "--output", folder / "run", *settings, "--set", "runner.workers=2")
    return folder / "run", settings


def test_each_reason_counts_what_pandas_counts(filtered: tuple[pathlib.Path, list[str]]) -> None:
    run, _ = filtered
    annotations = read_all(run / "annotations").to_pandas()
    refused = reasons(annotations)
    first = refused.idxmax(axis=1)[refused.any(axis=1)]
    rejects = read_all(run / "rejects" / "filter").to_pandas()
    assert dict(zip(rejects["key"], rejects["reason"], strict=True)) == dict(
        zip(annotations["key"][first.index], first, strict=True)
    )
    stages = json.loads((run / "run.json").read_text())["stages"]
    assert stages["filter"]["counts"]["rejects"] == first.value_counts().to_dict()
    assert len(stages["filter"]["counts"]["rejects"]) == 6
    assert stages["filter"]["counts"]["rows_in"] == stages["annotate"]["counts"]["rows_out"] == len(annotations)
    assert stages["deduplicate"]["counts"]["rows_in"] == stages["filter"]["counts"]["rows_out"]
    page = (run / "report" / "index.html").read_text()
    assert "unlike caption" in page


def test_a_trial_tells_the_same_and_writes_nothing(filtered: tuple[pathlib.Path, list[str]]) -> None:
    run, settings = filtered
    before = digests(run)
    refused = reasons(read_all(run / "annotations").to_pandas())
    other = ["--set", "filter.min_side=1000"]  # settings of a run that is yet to be
    told = evenweave("filter", MINI, "--dry-run", "--output", run, *settings, *other).stdout
    assert digests(run) == before
    alone = {line.split("│")[1].strip(): line.split("│")[3].strip() for line in told.splitlines() if "│" in line}
    assert alone["min_side"] == str(len(refused))
    assert alone["max_aspect_ratio"] == str(refused["aspect_ratio"].sum())
    assert alone["max_caption_images"] == str(refused["common_caption"].sum())
    assert alone["min_caption_similarity"] == str(refused["unlike_caption"].sum())
    assert f"all together: {len(refused)} of {len(refused)} would go" in told


def test_a_run_cut_short_goes_on_to_the_same_bytes_with_one_worker(filtered: tuple[pathlib.Path, list[str]]) -> None:
    run, settings = filtered
    before = digests(run)
    record = json.loads((run / "run.json").read_text())
    record["stages"]["filter"] = {"state": "running"}
    (run / "run.json").write_text(json.dumps(record))
    first, *others = sorted((run / "rejects" / "filter").rglob("*.parquet"))
    assert others
    for path in others:
        path.unlink()
    written = first.stat().st_mtime_ns
    evenweave("filter", MINI, "--output", run, *settings, "--set", "runner.workers=1")
    assert digests(run) == before
    assert first.stat().st_mtime_ns == written


def test_a_rule_on_similarity_needs_it_annotated(filtered: tuple[pathlib.Path, list[str]]) -> None:
    run, settings = filtered
    without = ["--set", "retrieval.caption_similarity=false"]
    done = evenweave("filter", MINI, "--output", run, *settings, *without, check=False)
    assert done.returncode == 2 and "set retrieval.caption_similarity: true" in done.stderr
