"""The pack job: real sources at three lengths, any number of workers, resume, and what a user may get wrong."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pathlib
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tokenizers import Tokenizer

from pipelines import pack
from pipelines.engine.choice import choose_engine
from pipelines.pack_settings import PackJobSettings
from tests.transforms.exporting.small_run import draw_tars, small_run, some_copies
from tests.transforms.full_disk import no_file_over
from tests.transforms.images.real_photos import REAL_DATA, needs_real_data
from tests.transforms.packing.corpus import TOKENIZER, both_sources, picture
from transforms.configuration import load_settings, validate
from transforms.errors import ConfigError, EvenweaveError, InputError, RunFolderError
from transforms.packing.documents.chat import ChatTokenizer, Tokenised
from transforms.packing.layouts.native_reader import PackedSet

ROOT = pathlib.Path(__file__).parents[2]


def settings(output: pathlib.Path, sources: list[dict[str, Any]], **changes: Any) -> PackJobSettings:
    values: dict[str, Any] = {
        "output": str(output),
        "sources": sources,
        "pack": {"tokenizer": TOKENIZER, "pack_tokens": 512, "group_shards": 2, "video_min_pixels": 3136},
        "video": {"max_frames": 4},
        "runner": {"workers": 1},
        "max_reject_share": 1.0,
    }
    values["pack"] |= changes.pop("pack", {})
    return validate(values | changes, PackJobSettings, "a test")


def run(job: PackJobSettings, accept_changed: bool = False) -> str:
    """Returns what was printed."""
    console = Console(file=io.StringIO(), width=120)
    pack.run(job, choose_engine(job.runner), console, accept_changed)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def small(folder: pathlib.Path) -> list[dict[str, Any]]:
    return [source.model_dump() for source in both_sources(folder)]


def digests(folder: pathlib.Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


REAL = [
    {"name": "cc12m", "format": "webdataset", "path": str(REAL_DATA / "cc12m"), "verify_images": True},
    {"name": "instruct", "format": "conversations", "path": str(REAL_DATA / "instruct" / "*_demo.json")},
    {
        "name": "parts",
        "format": "conversations",
        "path": str(REAL_DATA / "instruct" / "*_demo.jsonl"),
        "media_prefix": "data/",
    },
]


@pytest.mark.slow
@needs_real_data
@pytest.mark.parametrize("pack_tokens, least_fill", [(2048, 0.95), (8192, 0.98), (32768, 0.9)])
def test_real_sources_at_every_length(tmp_path: pathlib.Path, pack_tokens: int, least_fill: float) -> None:
    job = settings(tmp_path, REAL, pack={"pack_tokens": pack_tokens, "video_min_pixels": 128 * 784, "group_shards": 16})
    printed = run(job)
    stage = json.loads((tmp_path / "run.json").read_text())["stages"]["pack"]
    assert "fill" in printed and stage["measures"]["fill"] > least_fill
    assert set(stage["counts"]["rejects"]) <= {"too_long"}
    assert stage["counts"]["rows_in"] == 32 + 999 + 1000 + 300 + 6 + 3 + 25 - 1

    packed = PackedSet.open(str(tmp_path))
    chat = ChatTokenizer.load(TOKENIZER, image_limits=packed.image_limits, video_limits=packed.video_limits)
    kinds, documents = {"video": 0, "images": 0, "turns": 0, "text": 0}, 0
    for pack_ in map(packed.read, range(len(packed))):
        assert len(pack_.input_ids) <= pack_tokens
        begin = 0
        for document, length, alone in zip(
            pack_.documents, pack_.document_lengths.tolist(), chat.encode(pack_.documents), strict=True
        ):
            assert isinstance(alone, Tokenised)
            assert np.array_equal(pack_.input_ids[begin : begin + length], alone.token_ids)
            assert np.array_equal(pack_.labels[begin : begin + length], alone.labels)
            begin += length
            documents += 1
            kinds["video"] += bool(document.videos)
            kinds["images"] += len(document.images) > 1
            kinds["turns"] += len(document.messages) > 4
            kinds["text"] += not (document.images or document.videos)
        assert begin == len(pack_.input_ids)
    assert documents == stage["counts"]["rows_out"]
    assert all(kinds.values()), kinds


@pytest.mark.slow
def test_one_worker_or_two_whole_or_resumed_the_bytes_are_the_same(tmp_path: pathlib.Path) -> None:
    sources = small(tmp_path / "raw")
    run(settings(tmp_path / "one", sources))
    run(settings(tmp_path / "two", sources, runner={"workers": 2}))
    assert digests(tmp_path / "one") == digests(tmp_path / "two")

    again = tmp_path / "two"
    record = json.loads((again / "run.json").read_text())
    record["stages"]["pack"] = {"state": "running"}
    (again / "run.json").write_text(json.dumps(record))
    (again / "packed" / ".groups" / "000000.json").unlink()
    (again / "packed" / "packs-000000.tar").unlink()
    (again / "packed" / "packs-000000.tar.partial-1").write_bytes(b"left by a killed worker")
    kept = (again / "packed" / "packs-001000.tar").stat().st_mtime_ns
    run(settings(again, sources))
    assert digests(tmp_path / "one") == digests(again)
    assert (again / "packed" / "packs-001000.tar").stat().st_mtime_ns == kept


def test_done_is_done(tmp_path: pathlib.Path) -> None:
    job = settings(tmp_path / "run", small(tmp_path / "raw"))
    first = run(job)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    assert run(job) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == times


def test_changed_settings_or_tokenizer_are_refused(tmp_path: pathlib.Path) -> None:
    sources = small(tmp_path / "raw")
    run(settings(tmp_path / "run", sources))
    with pytest.raises(RunFolderError, match=r"changed: settings\.pack\.pack_tokens"):
        run(settings(tmp_path / "run", sources, pack={"pack_tokens": 600}))
    tokenizer = Tokenizer.from_file(f"{TOKENIZER}/tokenizer.json")
    tokenizer.save(str(tmp_path / "copy.json"))
    run(settings(tmp_path / "run", sources, pack={"tokenizer": str(tmp_path / "copy.json")}))  # the same, elsewhere
    tokenizer.add_tokens(["another"])
    tokenizer.save(str(tmp_path / "other.json"))
    with pytest.raises(RunFolderError, match="changed: tokenizer"):
        run(settings(tmp_path / "run", sources, pack={"tokenizer": str(tmp_path / "other.json")}))


def test_a_tokenizer_without_the_special_tokens(tmp_path: pathlib.Path) -> None:
    values = json.loads(pathlib.Path(TOKENIZER, "tokenizer.json").read_text())
    values["added_tokens"] = [one for one in values["added_tokens"] if one["content"] != "<|image_pad|>"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(values))
    with pytest.raises(InputError, match=r"has no <\|image_pad\|>"):
        run(settings(tmp_path / "run", small(tmp_path / "raw"), pack={"tokenizer": str(tmp_path)}))


def test_a_pack_shorter_than_the_shortest_document_fails_with_the_reason(tmp_path: pathlib.Path) -> None:
    job = settings(tmp_path / "run", small(tmp_path / "raw"), pack={"pack_tokens": 16}, max_reject_share=0.1)
    with pytest.raises(EvenweaveError, match=r"64 of 64 rows were rejected \(too_long 64\)"):
        run(job)


def test_a_higher_share_of_rejects_goes_on_with_what_is_there(tmp_path: pathlib.Path) -> None:
    sources, output = small(tmp_path / "raw"), tmp_path / "run"
    with pytest.raises(EvenweaveError, match="rows were rejected"):
        run(settings(output, sources, pack={"pack_tokens": 60}, max_reject_share=0.0))
    groups = {path: path.stat().st_mtime_ns for path in (output / "packed" / ".groups").iterdir()}
    run(settings(output, sources, pack={"pack_tokens": 60}, max_reject_share=1.0))
    assert {path: path.stat().st_mtime_ns for path in groups} == groups
    run(settings(tmp_path / "at once", sources, pack={"pack_tokens": 60}, max_reject_share=1.0))
    assert digests(output) == digests(tmp_path / "at once")


@pytest.mark.parametrize("damage", ["a caption", "an answer", "an image"])
def test_inputs_that_changed_under_the_same_name_and_size(tmp_path: pathlib.Path, damage: str) -> None:
    sources, output = small(tmp_path / "raw"), tmp_path / "run"
    run(settings(output, sources))
    tar, records = tmp_path / "raw/tars/part-1.tar", tmp_path / "raw/instruct/records.json"
    for path in (tar, records):
        os.utime(path, ns=(1, 1))
    assert "3 of 4 may have changed" not in run(settings(output, sources))  # the same content goes on

    if damage == "a caption":
        tar.write_bytes(tar.read_bytes().replace(b"picture 30 of", b"painted 30 of"))
    elif damage == "an answer":
        records.write_text(records.read_text().replace("Three.", "Seven."))
    else:
        (tmp_path / "raw/instruct/media/a.jpg").write_bytes(picture(100, 60, 9))
        os.utime(records, ns=(2, 2))  # what they name is compared where they may have changed
    before = digests(output)
    with pytest.raises(InputError, match=r"^1 input shard \((pairs/part-1|instruct/records)\) .*--accept-changed"):
        run(settings(output, sources))
    assert digests(output) == before
    run(settings(output, sources), accept_changed=True)
    run(settings(tmp_path / "fresh", sources))
    assert digests(output) == digests(tmp_path / "fresh")


def test_other_layouts_run_as_jobs(tmp_path: pathlib.Path) -> None:
    sources = small(tmp_path / "raw")
    run(settings(tmp_path / "published", sources, layout="llava-ov-1.5"))
    assert (tmp_path / "published" / "packed" / ".nv-meta" / "dataset.yaml").is_file()
    run(settings(tmp_path / "plain", sources, layout="messages"))
    assert (tmp_path / "plain" / "packed" / "packs-000000.parquet").is_file()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"layout": "tfrecord"}, "layout"),
        ({"layout": "llava-ov-1.5", "pack": {"system_prompt": "Be short."}}, "leave pack.system_prompt out"),
        ({"packing": {}}, "packing: unknown key"),
    ],
)
def test_bad_settings(tmp_path: pathlib.Path, changes: dict[str, Any], message: str) -> None:
    source = {"name": "s", "format": "webdataset", "path": "x"}
    with pytest.raises(ConfigError, match=message):
        settings(tmp_path, [source], **changes)
    with pytest.raises(ConfigError, match="two sources are called 's'"):
        settings(tmp_path, [source, source])


def test_balanced_shards_are_packed_as_exported(tmp_path: pathlib.Path) -> None:
    exported = small_run(tmp_path / "run", [draw_tars(tmp_path / "raw" / "one", 2, 10)], copies=some_copies)
    exported.export(samples_per_shard=6)
    source = {"name": "balanced", "format": "webdataset", "path": str(exported.shards)}
    run(settings(tmp_path / "packed", [source], max_reject_share=0.0))
    packed = PackedSet.open(str(tmp_path / "packed"))
    found = [document for pack_ in map(packed.read, range(len(packed))) for document in pack_.documents]
    assert len(found) == sum(exported.copies.values())
    captions = {message.content[0].text for document in found for message in document.messages[1:]}
    assert captions == {exported.captions[name] for name, copies in exported.copies.items() if copies}


@pytest.mark.parametrize("name", ["mini", "8k"])
def test_the_configurations_are_valid(name: str) -> None:
    job = load_settings(str(ROOT / "configs" / "pack" / f"{name}.yaml"), PackJobSettings)
    assert job.layout == "native"


def test_the_shipped_tokenizer_is_the_one_that_the_code_makes() -> None:
    from transforms.packing.documents.tiny_tokenizer import tiny_tokenizer

    assert ChatTokenizer(tiny_tokenizer()).fingerprint == ChatTokenizer.load(TOKENIZER).fingerprint


def test_a_full_disk_ends_the_job_and_the_same_command_goes_on(tmp_path: pathlib.Path) -> None:
    sources = small(tmp_path / "raw")
    run(settings(tmp_path / "whole", sources))
    with (
        no_file_over(50_000),
        pytest.raises(RunFolderError, match=r"cannot write .*packs-\d+\.tar: .*Free space there"),
    ):
        run(settings(tmp_path / "full", sources))
    run(settings(tmp_path / "full", sources))
    assert digests(tmp_path / "full") == digests(tmp_path / "whole")
