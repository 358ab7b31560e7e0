"""The whole step on real files: what goes in comes out, once, in the same bytes on any number of workers."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import json
import pathlib
import tarfile
import threading
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.transforms.cutting_proxy import cutting_store
from tests.transforms.exporting.small_run import SmallRun, draw_tars, real_data, small_run, some_copies, source_record
from transforms.errors import InputError, RunFolderError
from transforms.exporting import images, shard_writer
from transforms.exporting.manifest import read_manifest
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts


@pytest.fixture
def run(tmp_path: pathlib.Path) -> SmallRun:
    """Two sources of six tars, the same keys in each; of all samples half are left out and a quarter repeated."""
    sources = [
        draw_tars(tmp_path / "raw" / "first", shards=4, samples=20),
        draw_tars(tmp_path / "raw" / "second", shards=2, samples=15, formats=("JPEG", "PNG", "WEBP")),
    ]
    return small_run(tmp_path / "run", sources, copies=some_copies)


def exported(run: SmallRun) -> list[tuple[dict[str, Any], dict[str, bytes]]]:
    """JSON and members by ending of every exported sample, shard by shard."""
    samples: list[tuple[dict[str, Any], dict[str, bytes]]] = []
    for path in sorted(run.shards.glob("*.tar")):
        members: dict[str, dict[str, bytes]] = {}
        with tarfile.open(path) as tar:
            for member in tar:
                name, _, ending = member.name.rpartition(".")
                members.setdefault(name, {})[ending] = tar.extractfile(member).read()
        samples += [(json.loads(found["json"]), found) for found in members.values()]
    return samples


def identity(about: dict[str, Any]) -> tuple[str, str, str]:
    return about["source"], about["shard"], about["key"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"samples_per_shard": 1},
        {"samples_per_shard": 7, "shuffle_block_shards": 1},
        {"samples_per_shard": 30, "shuffle_block_shards": 4, "max_shard_bytes": 9000},
    ],
)
def test_every_selected_copy_comes_out_once_as_it_went_in(run: SmallRun, settings: dict[str, int]) -> None:
    copies = sum(run.copies.values())
    assert run.export(**settings) == Counts(copies, copies)
    samples = exported(run)
    assert Counter(identity(about) for about, _ in samples) == run.copies
    for about, members in samples:
        endings = sorted(set(members) - {"json", "txt"})
        assert members[endings[0]] == run.images[identity(about)]
        assert len(endings) == 1
        assert members["txt"].decode() == run.captions[identity(about)]
        with Image.open(io.BytesIO(members[endings[0]])) as image:
            assert (about["width"], about["height"]) == image.size
            assert endings == [{"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[image.format]]


def test_what_the_source_says_comes_out_as_it_went_in(tmp_path: pathlib.Path) -> None:
    run = small_run(tmp_path / "run", [draw_tars(tmp_path / "raw", 1, 8, records=True)], copies=lambda _: 1)
    run.export()
    for about, members in exported(run):
        number = int(about["key"])
        assert (about.get("source_record"), "source_record" in about) == (
            (json.loads(source_record(number)), True) if number % 2 else (None, False)
        )
        if number % 2:
            assert source_record(number).encode() in members["json"]


def test_a_key_and_a_caption_come_out_as_they_were(tmp_path: pathlib.Path) -> None:
    image = io.BytesIO()
    Image.new("RGB", (8, 8)).save(image, "JPEG")
    table = pa.table({"image": [image.getvalue()] * 2, "caption": [" a cat\n", "a dog"], "id": ["img/0.v2", "1"]})
    pq.write_table(table, tmp_path / "a.parquet")
    source = SourceSettings(name="web", format="parquet", path=str(tmp_path / "a.parquet"), key_column="id")
    run = small_run(tmp_path / "run", [source], copies=lambda _: 1)
    run.export()
    found = {about["key"]: (about.get("source_key"), members["txt"]) for about, members in exported(run)}
    assert found == {"img/0_v2": ("img/0.v2", b" a cat\n"), "1": (None, b"a dog")}


def test_the_json_says_what_was_found(run: SmallRun) -> None:
    run.export()
    about = next(about for about, _ in exported(run) if about["captions"].get("zh"))
    assert about == {
        "key": about["key"],
        "source": about["source"],
        "shard": about["shard"],
        "width": about["width"],
        "height": about["height"],
        "concepts": [
            {"id": 3, "name": 'say "hi"', "score": 0.5},
            {"id": 2, "name": "狗", "score": 0.25},
        ],
        "inclusion_probability": 0.125,
        "captions": {"zh": run.captions[identity(about)]},
    }


def test_the_manifest_is_what_lies_there(run: SmallRun) -> None:
    run.export(samples_per_shard=25, name="corpus")
    manifest = read_manifest(run.folder.shards, run.folder.fingerprint)
    files = sorted(path.name for path in run.shards.glob("*.tar"))
    assert files == [f"corpus-{number:06d}.tar" for number in range(len(files))]
    assert [shard["file"] for shard in manifest["shards"]] == files
    for shard in manifest["shards"]:
        data = (run.shards / shard["file"]).read_bytes()
        assert shard["sha256"] == hashlib.sha256(data).hexdigest()
        assert shard["bytes"] == len(data)
        assert shard["samples"] == sum(shard["sources"].values()) == sum(shard["languages"].values())
    assert manifest["samples"] == sum(run.copies.values())
    assert manifest["sources"] == Counter(
        {source: sum(n for key, n in run.copies.items() if key[0] == source) for source in ("first", "second")}
    )
    assert set(manifest["formats"]) == {"jpg", "png", "webp"}


def test_shards_mix_sources_and_repeats_do_not_stand_together(run: SmallRun) -> None:
    run.export(samples_per_shard=20)
    samples = [identity(about) for about, _ in exported(run)]
    first = {source for source, _, _ in samples[:20]}
    assert first == {"first", "second"}
    neighbours = sum(one == other for one, other in itertools.pairwise(samples))
    assert neighbours <= 3  # one half is expected of 27 repeated samples among 81 places


def test_one_and_two_workers_write_the_same_bytes(run: SmallRun) -> None:
    settings = {"samples_per_shard": 20, "shuffle_block_shards": 2}
    run.export(workers=1, **settings)
    alone = run.digests()
    run.folder.shards.filesystem.delete_dir(run.folder.shards.path)
    run.export(workers=2, read_threads=1, **settings)
    assert run.digests() == alone


@pytest.mark.slow
def test_images_of_a_store_are_those_of_a_disk(run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbours in one request, others each in their own; calls fail among them."""
    run.export(samples_per_shard=30)
    local = run.digests()
    run.folder.shards.filesystem.delete_dir(run.folder.shards.path)
    monkeypatch.setattr(images, "MOST_GAP_BYTES", 2000)
    with cutting_store(monkeypatch) as store:
        in_store = [
            dataclasses.replace(shard, path=store.put(f"{shard.source}/{shard.path.name}", shard.path.read_bytes()))
            for shard in run.inputs
        ]
        store.faulty_every = 15
        dataclasses.replace(run, inputs=in_store).export(samples_per_shard=30)
        assert store.calls["GET"] < sum(run.copies.values())  # copies of an image and its neighbours come together
        assert store.faults
    assert run.digests() == local


def test_a_broken_run_goes_on_where_it_stopped(run: SmallRun) -> None:
    run.export(samples_per_shard=20)
    whole = run.digests()
    files = sorted(run.shards.glob("*.tar"))
    kept = {path: path.stat().st_ino for path in files[2:]}
    (run.shards / ".stats" / f"{files[0].stem}.json").unlink()  # killed between the tar and its statistics
    files[0].write_bytes(b"of an older kind")
    files[1].unlink()
    (run.shards / "manifest.json").unlink()
    (run.shards / f"{files[1].name}.partial-0").write_bytes(b"killed while writing")
    copies = sum(run.copies.values())
    assert run.export(samples_per_shard=20) == Counts(copies, copies)
    (run.shards / f"{files[1].name}.partial-0").unlink()
    assert run.digests() == whole
    assert kept
    assert {path: path.stat().st_ino for path in files[2:]} == kept


def test_shards_of_other_settings_are_refused(run: SmallRun) -> None:
    run.export()
    stats = next((run.shards / ".stats").iterdir())
    stats.write_text(stats.read_text().replace(run.folder.fingerprint, "another"))
    with pytest.raises(RunFolderError, match=r"another.*Choose a new output folder"):
        run.export()


def test_an_image_that_has_changed_stops_the_export_and_is_named(run: SmallRun) -> None:
    tar = pathlib.Path(run.inputs[0].path.path)
    tar.write_bytes(tar.read_bytes().replace(b"\xff\xd8\xff", b"\xff\xd8\xfe"))
    with pytest.raises(InputError, match=r"00000\.tar.*not those that were annotated.*Restore the input"):
        run.export()
    assert not list(run.shards.glob("*.tar"))


def test_an_input_that_is_gone_stops_the_export_and_is_named(run: SmallRun) -> None:
    pathlib.Path(run.inputs[0].path.path).unlink()
    with pytest.raises(InputError, match=r"00000\.tar.*Restore the input"):
        run.export()


def test_samples_without_captions_have_no_txt(tmp_path: pathlib.Path) -> None:
    (tmp_path / "raw").mkdir()
    for number in range(3):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "raw" / f"picture {number}.png")
    source = SourceSettings(name="plain", format="folder", path=str(tmp_path / "raw"), caption="optional")
    run = small_run(tmp_path / "run", [source], copies=lambda _: 1)
    run.export()
    samples = exported(run)
    assert {tuple(sorted(members)) for _, members in samples} == {("json", "png")}
    assert [about["captions"] for about, _ in samples] == [{}] * 3


def test_rows_of_parquet_files_share_keys_but_not_names(tmp_path: pathlib.Path) -> None:
    (tmp_path / "raw").mkdir()
    for file in ("train-0", "train-1"):
        column = []
        for number in range(12):
            stream = io.BytesIO()
            Image.new("RGB", (8, 8), (number, 0, int(file[-1]))).save(stream, "WEBP")
            column.append({"bytes": stream.getvalue(), "path": None})
        table = pa.table({"image": column, "caption": [f"{file} {number}" for number in range(12)]})
        pq.write_table(table, tmp_path / "raw" / f"{file}.parquet", row_group_size=5)
    source = SourceSettings(name="rows", format="parquet", path=str(tmp_path / "raw"))
    run = small_run(tmp_path / "run", [source], copies=lambda _: 1)
    run.export(samples_per_shard=10)
    samples = exported(run)
    assert {identity(about): members["webp"] for about, members in samples} == run.images
    assert len(samples) == 24


@pytest.mark.parametrize("window_bytes", [1, 5000])
def test_windows_of_reads_change_nothing(run: SmallRun, monkeypatch: pytest.MonkeyPatch, window_bytes: int) -> None:
    run.export(samples_per_shard=20)
    whole = run.digests()
    run.folder.shards.filesystem.delete_dir(run.folder.shards.path)
    monkeypatch.setattr(shard_writer, "_WINDOW_BYTES", window_bytes)
    monkeypatch.setattr(shard_writer, "_DESCRIBED", 7)
    most_open = threading.BoundedSemaphore(2)
    monkeypatch.setattr(images, "_OPEN", most_open)
    run.export(samples_per_shard=20)
    assert run.digests() == whole
    assert all(most_open.acquire(blocking=False) for _ in range(2))  # all were closed


def test_an_empty_selection_is_an_empty_corpus(tmp_path: pathlib.Path) -> None:
    run = small_run(tmp_path / "run", [draw_tars(tmp_path / "raw" / "a", 1, 3)], copies=lambda _: 0)
    assert run.export() == Counts(0, 0)
    assert read_manifest(run.folder.shards, run.folder.fingerprint)["shards"] == []


def test_real_photographs_come_out_as_they_went_in(tmp_path: pathlib.Path) -> None:
    photos = real_data("photos")
    if photos is None:
        pytest.skip("no real photographs: set EVENWEAVE_REAL_DATA")
    source = SourceSettings(name="photos", format="folder", path=str(photos), caption="optional")
    run = small_run(tmp_path / "run", [source], copies=lambda number: int(number % 4 == 0))
    run.export(samples_per_shard=40, shuffle_block_shards=5)
    came_out = Counter(hashlib.sha256(members["jpg"]).digest() for _, members in exported(run))
    went_in = Counter(hashlib.sha256(path.read_bytes()).digest() for path in sorted(photos.glob("*.JPEG")))
    assert len(came_out) == 125
    assert came_out <= went_in
