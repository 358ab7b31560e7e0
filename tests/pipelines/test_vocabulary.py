"""The stages vocabulary and annotate, over pictures of noise: other concepts over stored embeddings, indexes, hubs."""

from __future__ import annotations

import io
import json
import pathlib

import numpy as np
import pyarrow as pa
import pytest
import yaml
from rich.console import Console

from pipelines import vocabulary
from pipelines.build import build
from pipelines.build_run import BuildRun
from pipelines.build_settings import BuildSettings
from pipelines.engine.choice import choose_engine
from pipelines.packaged_configs import find_config
from tests.integration.conftest import digests, read_all
from tests.transforms.exporting.small_run import draw_tars
from tests.transforms.vocabularies.grouped_vocabulary import grouped
from transforms.annotating.concepts.hubs import corrected, measure_hubs
from transforms.annotating.encoder import ClipEncoder
from transforms.configuration import load_settings
from transforms.datasets import list_matrix
from transforms.errors import ConfigError, RunFolderError
from transforms.stages import ANNOTATE, VOCABULARY

KEPT = ("retrieval.keep_embedding=true", "retrieval.stored_concepts=16")
SHARDS, IMAGES = 2, 40


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("tars") / "web"
    draw_tars(folder, SHARDS, IMAGES)
    return folder


@pytest.fixture(scope="module")
def before(tars: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    run = tmp_path_factory.mktemp("before") / "run"
    annotate(run, tars, *KEPT)
    return run


def annotate(run: pathlib.Path, tars: pathlib.Path, *settings: str) -> str:
    """The two stages, in this process; returns what was said."""
    places = (f"output={run}", "miniature=null", f"sources.0.path={tars}", "runner.workers=1", "decode.min_side=8")
    loaded = load_settings(find_config("build/mini.yaml"), BuildSettings, [*places, "balance.size=10", *settings])
    console = Console(file=io.StringIO(), width=200)
    build(BuildRun(loaded, choose_engine(loaded.runner, []), console), [VOCABULARY, ANNOTATE])
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def word_list(path: pathlib.Path, left_out: int, added: int) -> str:
    """That of the miniature corpus without some concepts, and with others before them."""
    values = yaml.safe_load(pathlib.Path("configs/vocabulary/mini.yaml").read_text(encoding="utf-8"))
    values["concepts"] = [f"word {number}" for number in range(added)] + values["concepts"][left_out:]
    del values["types"]  # they name the concepts that are left out
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return f"vocabulary.path={path}"


def columns(run: pathlib.Path) -> pa.Table:
    return read_all(run / "annotations")


def meta(run: pathlib.Path) -> dict[str, object]:
    values: dict[str, object] = json.loads((run / "vocabulary" / "meta.json").read_text())
    return values


@pytest.mark.slow
def test_a_thousand_words_added_to_a_run(
    before: pathlib.Path, tars: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only these are embedded and searched, and every byte is that of a full run."""
    words = word_list(tmp_path / "words.yaml", 0, 1000)
    kept = digests(before)
    annotate(tmp_path / "full", tars, *KEPT, words)
    with monkeypatch.context() as without_pictures:
        without_pictures.setattr(ClipEncoder, "encode_images", None)
        said = annotate(tmp_path / "merged", tars, *KEPT, words, f"reuse={before}")
    assert "another vocabulary: its concepts are retrieved from embeddings" in said
    assert digests(before) == kept
    for folder in ("vocabulary", "annotations", "embeddings"):
        assert digests(tmp_path / "merged" / folder) == digests(tmp_path / "full" / folder)
    assert not columns(before)["concept_ids"].equals(columns(tmp_path / "merged")["concept_ids"])


@pytest.mark.slow
def test_concepts_that_left_are_made_up_for_by_those_that_were_spare(
    before: pathlib.Path, tars: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    words = word_list(tmp_path / "words.yaml", 60, 5)
    annotate(tmp_path / "full", tars, *KEPT, words)
    annotate(tmp_path / "merged", tars, *KEPT, words, f"reuse={before}")
    found, full = columns(tmp_path / "merged"), columns(tmp_path / "full")
    assert found.drop_columns(["spare_concept_ids"]).equals(full.drop_columns(["spare_concept_ids"]))


@pytest.mark.slow
def test_without_stored_embeddings_another_vocabulary_is_refused(tars: pathlib.Path, tmp_path: pathlib.Path) -> None:
    annotate(tmp_path / "before", tars)
    words = word_list(tmp_path / "words.yaml", 0, 1)
    with pytest.raises(RunFolderError, match=r"its concepts are others .* and no embeddings were kept to search again"):
        annotate(tmp_path / "after", tars, words, f"reuse={tmp_path / 'before'}")


@pytest.mark.slow
def test_an_image_gets_one_concept_of_a_meaning(tars: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Found in one pass, and from stored embeddings of a run whose vocabulary was not grouped."""
    groups = [number % 11 for number in range(33)]
    alone, together = (
        f"vocabulary.path={grouped(tmp_path / name, numbers)}"
        for name, numbers in (("alone", list(range(33))), ("together", groups))
    )
    annotate(tmp_path / "before", tars, *KEPT[:1], alone)
    assert not (tmp_path / "before" / "vocabulary" / "groups.parquet").exists()
    annotate(tmp_path / "full", tars, *KEPT[:1], together)
    annotate(tmp_path / "merged", tars, *KEPT[:1], together, f"reuse={tmp_path / 'before'}")
    for folder in ("vocabulary", "annotations", "embeddings"):
        assert digests(tmp_path / "merged" / folder) == digests(tmp_path / "full" / folder)
    embeddings = np.load(tmp_path / "full" / "vocabulary" / "embeddings.npy").astype(np.float64)
    table = columns(tmp_path / "full")
    for image, row in zip(list_matrix(table["embedding"]), list_matrix(table["concept_ids"]).tolist(), strict=True):
        best: list[int] = []
        for concept in np.argsort(-(embeddings @ image.astype(np.float64)), kind="stable").tolist():
            if groups[concept] not in [groups[one] for one in best]:
                best.append(concept)
        assert row == best[: len(row)]
    assert not table["concept_ids"].equals(columns(tmp_path / "before")["concept_ids"])
    with pytest.raises(ConfigError, match="concepts_per_image is 12, but the vocabulary holds 11"):
        annotate(tmp_path / "many", tars, together, "retrieval.concepts_per_image=12")


@pytest.mark.slow
def test_an_index_is_measured_by_images_and_kept(tars: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """By one list too little is found, which ends the run before any image is annotated."""
    lists = ("retrieval.index.kind=ivf", "retrieval.index.parameters=nprobe=1", "retrieval.index.min_recall=0.999")
    with pytest.raises(ConfigError, match=r"index ivf \(IVF72,Flat, nprobe=1\) finds 0\.\d+ of the 8 concepts"):
        annotate(tmp_path / "few", tars, *lists)
    assert not (tmp_path / "few" / "annotations").exists()
    annotate(tmp_path / "all", tars, lists[0], "retrieval.index.parameters=nprobe=72")
    annotate(tmp_path / "exact", tars)
    index = meta(tmp_path / "all")["index"]
    assert isinstance(index, dict) and index["recall"] == 1 and index["queries"] == SHARDS * IMAGES
    assert not (tmp_path / "all" / "vocabulary" / "parts").exists()
    assert columns(tmp_path / "all")["concept_ids"].equals(columns(tmp_path / "exact")["concept_ids"])


@pytest.mark.slow
def test_scores_are_corrected_by_the_hubs_of_the_run(tars: pathlib.Path, tmp_path: pathlib.Path) -> None:
    annotate(tmp_path / "run", tars, KEPT[0], "retrieval.hub_correction=true")
    folder = tmp_path / "run" / "vocabulary"
    vectors, hubs = (np.load(folder / name) for name in ("embeddings.npy", "hubs.npy"))
    table = columns(tmp_path / "run")
    images = list_matrix(table["embedding"]).astype(np.float32)
    np.testing.assert_allclose(hubs, measure_hubs(vectors, images), atol=1e-2)  # of images in 32 bits
    scores = np.pad(images, ((0, 0), (0, 1)), constant_values=1) @ corrected(vectors, hubs).T
    expected = -np.sort(-scores, axis=1)[:, :8]
    np.testing.assert_allclose(list_matrix(table["concept_scores"]), expected, atol=2e-3)
    found = np.take_along_axis(scores, list_matrix(table["concept_ids"]), axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.slow
def test_parts_are_the_same_by_a_job_and_kept_in_a_cache(
    tars: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several workers embed what one does; a run after it embeds nothing."""
    words, cache = word_list(tmp_path / "words.yaml", 0, 2000), f"vocabulary.cache={tmp_path / 'cache'}"
    annotate(tmp_path / "one", tars, words, cache)
    annotate(tmp_path / "two", tars, words, "runner.workers=2")
    assert digests(tmp_path / "one" / "vocabulary") == digests(tmp_path / "two" / "vocabulary")
    monkeypatch.setattr(vocabulary, "embed_part", None)
    monkeypatch.setattr(ClipEncoder, "encode_texts", None)
    annotate(tmp_path / "three", tars, words, cache)
    assert digests(tmp_path / "one" / "vocabulary") == digests(tmp_path / "three" / "vocabulary")


def test_concepts_in_other_languages_than_the_encoders_are_refused(tars: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text("language: zh\nconcepts: [狗, 猫, 鸟]\n", encoding="utf-8")
    few = (f"vocabulary.path={path}", "retrieval.concepts_per_image=2")
    with pytest.raises(
        ConfigError, match=r"holds concepts in zh, as 狗, and encoder\.languages are en: .* Leave them out"
    ):
        annotate(tmp_path / "run", tars, *few, "encoder.languages=[en]")
