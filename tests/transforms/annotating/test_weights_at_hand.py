from __future__ import annotations

import multiprocessing
import os
import pathlib
import shutil
from collections.abc import Iterator

import pytest

from tests.transforms.cutting_proxy import CuttingStore, cutting_store
from transforms.annotating.digests import encoder_digest
from transforms.annotating.encoder import check_encoder
from transforms.annotating.settings import EncoderSettings
from transforms.annotating.weights_at_hand import at_hand
from transforms.errors import ConfigError

WEIGHTS = b"weights" * 100_000


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[CuttingStore]:
    with cutting_store(monkeypatch) as store:
        yield store


@pytest.fixture(autouse=True)
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("EVENWEAVE_WEIGHTS", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.slow
def test_a_file_is_fetched_once(store: CuttingStore, cache: pathlib.Path) -> None:
    path = store.put("h14.safetensors", WEIGHTS)
    settings = EncoderSettings(model="ViT-B-32", pretrained=str(path))
    found = at_hand(settings).pretrained
    assert found is not None and pathlib.Path(found).read_bytes() == WEIGHTS
    assert pathlib.Path(found).name == "h14.safetensors" and cache in pathlib.Path(found).parents
    before = store.calls["GET"]
    assert at_hand(settings).pretrained == found and store.calls["GET"] == before
    check_encoder(settings)
    store.put("h14.safetensors", WEIGHTS[:-1])
    assert at_hand(settings).pretrained != found, "another version"


def test_a_folder_is_fetched_whole_and_named_by_its_content(store: CuttingStore, tmp_path: pathlib.Path) -> None:
    here = tmp_path / "clip"
    (here / "tokenizer").mkdir(parents=True)
    for name in ("open_clip_config.json", "model.safetensors", "tokenizer/merges.txt"):
        (here / name).write_text(name)
        path = store.put(f"clip/{name}", name.encode())
    far = EncoderSettings(model=str(path.parent.parent))
    assert (pathlib.Path(at_hand(far).model) / "tokenizer/merges.txt").read_text() == "tokenizer/merges.txt"
    check_encoder(far)
    assert encoder_digest(far) == encoder_digest(EncoderSettings(model=str(here)))


def test_what_is_no_uri_stays_as_it_is(cache: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for settings in (
        EncoderSettings(model="ViT-B-32", pretrained="openai"),
        EncoderSettings(model="hf-hub:me/it"),
        EncoderSettings(model=str(tmp_path)),
    ):
        assert at_hand(settings) == settings
    assert at_hand(EncoderSettings(model=f"file://{tmp_path}")).model == str(tmp_path)
    assert not cache.exists()


def test_a_uri_with_nothing_behind_it(store: CuttingStore) -> None:
    path = store.put("some", b"1")
    with pytest.raises(ConfigError, match="there is no model and no weights at s3://"):
        at_hand(EncoderSettings(model=str(path.parent / "other")))


def test_what_breaks_off_is_read_on_and_what_fails_is_told(
    store: CuttingStore, cache: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = EncoderSettings(model="ViT-B-32", pretrained=str(store.put("h14.pt", WEIGHTS)))
    store.cuts = 1
    found = at_hand(settings).pretrained
    assert found is not None and pathlib.Path(found).read_bytes() == WEIGHTS and store.cuts == 0
    assert "fetching s3://" in capsys.readouterr().err
    other = EncoderSettings(model="ViT-B-32", pretrained=str(store.put("l14.pt", WEIGHTS)))
    shutil.rmtree(cache)
    cache.write_text("no folder")
    with pytest.raises(ConfigError, match=r"cannot fetch s3://.*l14\.pt.* to "):
        at_hand(other)


@pytest.mark.slow
def test_one_worker_fetches_and_the_others_wait(store: CuttingStore) -> None:
    settings = EncoderSettings(model="ViT-B-32", pretrained=str(store.put("h14.pt", WEIGHTS)))
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.map(_fetched, [settings] * 3)
    assert len({path for path, _ in found}) == 1
    assert all(size == len(WEIGHTS) for _, size in found)
    assert not [name for name in os.listdir(pathlib.Path(found[0][0]).parent) if name.startswith(".fetched")]


def _fetched(settings: EncoderSettings) -> tuple[str, int]:
    path = str(at_hand(settings).pretrained)
    return path, os.path.getsize(path)
