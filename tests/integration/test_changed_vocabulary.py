"""A vocabulary that changed: over stored embeddings only its new concepts are searched, and all is as in a full run."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from tests.integration.conftest import MINI, ROOT, digests, evenweave, read_all, small_corpus

pytestmark = pytest.mark.slow

KEPT = ("retrieval.keep_embedding=true", "retrieval.stored_concepts=16")


def word_list(path: pathlib.Path, left_out: int, added: int) -> pathlib.Path:
    """That of the miniature corpus, without some concepts and with other words among them."""
    values = yaml.safe_load((ROOT / "configs/vocabulary/mini.yaml").read_text())
    values["concepts"] = [f"word {number}" for number in range(added)] + values["concepts"][left_out:]
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return path


def annotate(run: pathlib.Path, corpus: pathlib.Path, *settings: object, check: bool = True) -> str:
    """The vocabulary stage and annotate, no more; what was said."""
    job = [
        MINI,
        "--output",
        run,
        *small_corpus(corpus),
        *(part for one in (*KEPT, *settings) for part in ("--set", one)),
    ]
    first = evenweave("vocabulary", *job, check=check)
    return first.stdout + first.stderr + (evenweave("annotate", *job).stdout if check else "")


@pytest.fixture(scope="module")
def before(
    corpus: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
    finished_run: pathlib.Path,  # noqa: ARG001 - it draws the corpus
) -> pathlib.Path:
    run = tmp_path_factory.mktemp("before") / "run"
    annotate(run, corpus)
    return run


@pytest.mark.parametrize(("left_out", "added"), [(0, 1000), (40, 10)])
def test_what_is_merged_is_what_a_full_run_finds(
    left_out: int, added: int, before: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path = f"vocabulary.path={word_list(tmp_path / 'words.yaml', left_out, added)}"
    merged, full = tmp_path / "merged", tmp_path / "full"
    kept = digests(before)
    assert "its concepts are retrieved from embeddings" in annotate(merged, corpus, path, f"reuse={before}")
    annotate(full, corpus, path, "runner.workers=2")
    assert digests(before) == kept
    assert digests(merged / "vocabulary") == digests(full / "vocabulary")
    found, expected = read_all(merged / "annotations"), read_all(full / "annotations")
    if not left_out:
        assert digests(merged / "annotations") == digests(full / "annotations")
        assert digests(merged / "embeddings") == digests(full / "embeddings")
    assert found.drop_columns(["spare_concept_ids"]).equals(expected.drop_columns(["spare_concept_ids"]))
    assert not found["concept_ids"].equals(read_all(before / "annotations")["concept_ids"])


def test_without_stored_embeddings_another_vocabulary_is_refused(
    finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path = f"vocabulary.path={word_list(tmp_path / 'words.yaml', 0, 1)}"
    plain = ("retrieval.keep_embedding=false", "retrieval.stored_concepts=null")
    said = annotate(tmp_path / "run", corpus, path, *plain, f"reuse={finished_run}", check=False)
    assert "its concepts are others (inputs.vocabulary differ), and no embeddings were kept to search again" in said


def test_an_index_is_measured_by_images_and_kept(
    finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """By few lists most is found; by one of them too little, which ends the run before any image is annotated."""
    del finished_run  # it draws the corpus
    some = annotate(
        tmp_path / "few", corpus, "retrieval.index.kind=ivf", "retrieval.index.parameters=nprobe=1", check=False
    )
    assert "retrieval.index ivf (IVF72,Flat, nprobe=1) finds 0." in some and "index.min_recall is 0.95" in some
    annotate(tmp_path / "ivf", corpus, "retrieval.index.kind=ivf", "retrieval.index.parameters=nprobe=60")
    annotate(tmp_path / "exact", corpus)
    meta = yaml.safe_load((tmp_path / "ivf" / "vocabulary" / "meta.json").read_text())
    assert meta["index"]["recall"] >= 0.95 and meta["index"]["queries"] > 700
    assert "is sound" in evenweave("verify", tmp_path / "ivf").stdout
    first = [read_all(tmp_path / run / "annotations")["concept_ids"].to_pylist() for run in ("ivf", "exact")]
    shared = [len(set(one) & set(other)) / 8 for one, other in zip(*first, strict=True)]
    assert sum(shared) / len(shared) >= 0.95
