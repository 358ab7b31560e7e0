"""The layouts for other trainers, as these read them: Megatron-Energon and Hugging Face datasets."""

from __future__ import annotations

import io
import json
import pathlib
import subprocess
import sys
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.transforms.packing.corpus import both_sources, pack_all, pack_job
from transforms.conversations.document import Document, ImageSize, Message, Text
from transforms.conversations.document import Image as ImagePart
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.documents.records import read_records
from transforms.packing.inputs import list_inputs
from transforms.packing.layouts import messages
from transforms.packing.layouts.llava_onevision import fault
from transforms.packing.layouts.native_reader import PackedSet
from transforms.packing.sources import PackSource, VideoSampling

#: Stands in for the trainer's module, with the fields of its sample type.
TRAINER = """
from dataclasses import dataclass
from typing import Any

from megatron.energon import Sample


@dataclass
class PackedCaptioningSample(Sample):
    images: list[Any]
    prompts: list[str]
    captions: list[str]
"""


def test_energon_opens_the_published_layout(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from megatron import energon

    module = tmp_path / "trainer" / "aiak_training_llm" / "data" / "multimodal.py"
    module.parent.mkdir(parents=True)
    (module.parent / "__init__.py").touch()
    (module.parent.parent / "__init__.py").touch()
    module.write_text(TRAINER)
    monkeypatch.syspath_prepend(str(tmp_path / "trainer"))
    job = pack_job(tmp_path / "run", both_sources(tmp_path), layout="llava-ov-1.5")
    records = pack_all(job)
    counts = [record.counts for record in records]
    assert sum(one.rows_out for one in counts) == 60
    assert sum(one.rejects.get("not_in_layout", 0) for one in counts) == 4

    workers = energon.WorkerConfig(rank=0, world_size=1, num_workers=0)
    dataset = energon.get_train_dataset(
        tmp_path / "run" / "packed",
        worker_config=workers,
        batch_size=None,
        shuffle_buffer_size=None,
        max_samples_per_sequence=None,
        repeat=False,
    )
    samples = list(energon.get_loader(dataset))
    captions = [caption for sample in samples for caption in sample.captions]
    assert len(captions) == len(set(captions)) == 60
    for sample in samples:
        assert sample.__key__.startswith("ps_")
        assert sample.prompts == ["<image>"] * len(sample.captions)
        for image, caption in zip(sample.images, sample.captions, strict=True):
            height, width = image.shape[-2:]
            assert caption.endswith(f"of {width} by {height}")


def test_members_are_named_as_published(tmp_path: pathlib.Path) -> None:
    import webdataset

    job = pack_job(tmp_path / "run", both_sources(tmp_path), layout="llava-ov-1.5")
    pack_all(job)
    [sample, *_] = webdataset.WebDataset(str(tmp_path / "run/packed/packs-000000.tar"), shardshuffle=False)
    about = json.loads(sample["json"])
    assert sample["__key__"] == "ps_00000000"
    assert set(about) == {"prompts", "captions", "images"}
    assert about["images"] == [f"img{i}.jpg" for i in range(len(about["captions"]))]
    assert {name for name in sample if name.startswith("img")} == set(about["images"])


def located(*messages: Message, images: int = 1) -> LocatedDocument:
    return LocatedDocument(Document("k", "s", messages, (ImageSize(28, 28),) * images))


ASKS = Message("user", (ImagePart(0), Text("What?")))
TELLS = Message("assistant", (Text("That."),))


@pytest.mark.parametrize(
    "document, why",
    [
        (located(ASKS, TELLS), None),
        (located(Message("system", (Text("You are a helpful assistant."),)), ASKS, TELLS), None),
        (located(Message("system", (Text("Be short."),)), ASKS, TELLS), "system prompt"),
        (located(ASKS, TELLS, Message("user", (Text("More"),)), TELLS), "one question and one answer"),
        (located(Message("user", (Text("What?"),)), TELLS, images=0), "exactly one image"),
        (located(Message("user", (ImagePart(0), ImagePart(1))), TELLS, images=2), "exactly one image"),
        (located(Message("user", (Text("Draw."),)), Message("assistant", (ImagePart(0),))), "image in an answer"),
        (located(ASKS, Message("assistant", (Text("an <image> tag"),))), "the text holds <image>"),
        (located(ASKS, replace(TELLS, train=False)), "not trained on"),
    ],
)
def test_what_the_published_layout_cannot_hold_is_said(document: LocatedDocument, why: str | None) -> None:
    found = fault(document)
    assert found is None if why is None else found is not None and why in found


def test_rows_of_messages_hold_only_what_is_trained_on() -> None:
    assert messages.fault(located(ASKS, TELLS)) is None
    assert "not trained on" in (messages.fault(located(ASKS, replace(TELLS, train=False), ASKS, TELLS)) or "")


@pytest.mark.slow
def test_datasets_reads_the_unpacked_layout(tmp_path: pathlib.Path) -> None:
    sources = both_sources(tmp_path)
    job = pack_job(tmp_path / "run", sources, layout="messages", shards={"max_shard_bytes": 30_000})
    pack_all(job)
    assert len(list((tmp_path / "run" / "packed").glob("packs-*.parquet"))) > 2
    script = f"""
import os, json
os.environ.update(HF_HUB_OFFLINE="1", HF_HOME={str(tmp_path / "hub")!r})
import datasets
for streaming in (True, False):
    rows = datasets.load_dataset({str(tmp_path / "run" / "packed")!r}, split="train", streaming=streaming)
    print(json.dumps([
        [row["source"], row["key"], row["messages"], [image.size for image in row["images"]],
         [len(video["bytes"]) for video in row["videos"]]] for row in rows
    ]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = map(json.loads, done.stdout.splitlines())
    assert sorted(first) == sorted(second)
    rows = {(source, key): (messages, images, videos) for source, key, messages, images, videos in first}
    assert len(rows) == len(first) == 64
    messages, images, _ = rows["instruct", "00000001"]
    assert images == [[100, 60], [60, 90]]
    assert [part["type"] for part in messages[1]["content"]] == ["image", "text", "image", "text"]
    assert messages[1]["content"][3] == {"type": "text", "text": "this?"}
    assert rows["instruct", "00000002"][2] == [(tmp_path / "instruct" / "media" / "c.mp4").stat().st_size]
    assert rows["pairs", "000000"][0][0] == {"role": "user", "content": [{"type": "image", "text": None}]}


def test_the_unpacked_layout_keeps_bytes_and_is_no_packed_set(tmp_path: pathlib.Path) -> None:
    [source] = both_sources(tmp_path)[1:]
    job = pack_job(tmp_path / "run", [source], layout="messages")
    pack_all(job)
    rows = pq.read_table(tmp_path / "run" / "packed" / "packs-000000.parquet").to_pylist()
    stored = {image["path"]: image["bytes"] for row in rows for image in row["images"]}
    assert stored["1.png"] == (tmp_path / "instruct" / "media" / "b.png").read_bytes()
    assert Image.open(io.BytesIO(stored["0.jpg"])).size == (100, 60)
    [part] = list_inputs(source, 1 << 20)
    assert len(list(read_records(part, source, VideoSampling()))) == len(rows) == 4
    with pytest.raises(Exception, match="layout messages"):
        PackedSet.open(job.packed)


def test_sources_need_no_media_to_be_packed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "text.json").write_text(json.dumps([{"instruction": "Say it.", "output": "It."}]))
    source = PackSource(name="text", format="conversations", path=str(tmp_path / "text.json"))
    job = pack_job(tmp_path / "run", [source])
    pack_all(job)
    pack = PackedSet.open(job.packed).read(0)
    assert pack.images == pack.videos == ()
    assert pack.image_grids.shape == (0, 3)
