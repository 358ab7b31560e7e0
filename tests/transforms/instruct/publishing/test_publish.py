"""What lies in a mixture: samples, order, splits, manifest, metadata; and that it is the same however made."""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil

import pyarrow.parquet as pq
import pytest
import yaml

from tests.transforms.instruct.publishing.small_publication import PARTS, PICTURES, SmallPublication, publish, published
from transforms.errors import InputError
from transforms.exporting.croissant import CROISSANT
from transforms.exporting.manifest import read_manifest
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.publishing import block
from transforms.instruct.publishing.card import CARD
from transforms.instruct.publishing.finishing import LICENCES
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.rows import Row
from transforms.instruct.settings import InstructSource
from transforms.instruct.standardising import standardise
from transforms.rejects import Counts

BOTH = PublishSettings(formats=["webdataset", "parquet"], reasoning="apart", samples_per_shard=4)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> SmallPublication:
    return published(tmp_path_factory.mktemp("both"), BOTH, MixSettings(size=12, max_copies=2))


@pytest.mark.slow
def test_a_sample(both: SmallPublication) -> None:
    members = both.samples()["a/p%2E0/0"]
    record = json.loads(members.pop("json"))
    assert members == {"0.jpg": PICTURES[0], "1.jpg": PICTURES[1]}
    assert record["images"] == ["0.jpg", "1.jpg"] and record["split"] == "train"
    assert record["messages"][0]["content"] == [
        {"type": "image", "text": None},
        {"type": "text", "text": "Where?"},
        {"type": "image", "text": None},
    ]
    assert record["messages"][1]["content"] == [{"type": "text", "text": "At [100, 100, 500, 500]."}]
    assert record["regions"] == [
        {"media": "1.jpg", "kind": "box", "xy": [100, 100, 500, 500], "label": "cat", "message": 1}
    ]
    assert record["answers"][0]["value"] == "[100, 100, 500, 500]"
    assert (record["licence"], record["model_terms"], record["language"]) == ("MIT", ["openai"], "en")


def test_what_was_cut_is_not_shown_and_its_image_gone(both: SmallPublication) -> None:
    members = both.samples()["a/p%2E0/1"]
    record = json.loads(members.pop("json"))
    assert members == {"0.jpg": PICTURES[1]} and len(record["messages"]) == 2
    assert record["category"] == "captioning"


def test_thoughts_masks_tools_and_splits(both: SmallPublication) -> None:
    (record,) = [one for one in both.records().values() if one["split"] == "validation"]
    assert record["key"] == "b/p/x.y" and record["tools"] == '[{"name": "look"}]'
    assert record["messages"][1]["reasoning_content"] == "想" and record["messages"][3]["train"] is False
    assert list(both.samples("validation/*.tar")) == ["b/p/x%2Ey"]


def test_copies_are_samples_of_their_own(both: SmallPublication) -> None:
    names = list(both.samples("train/*.tar"))
    assert len(names) == len(set(names)) == 12
    assert sum(name.endswith("~2") for name in names) == 12 - 9
    assert names != sorted(names)  # shuffled


def test_every_record_has_every_key(both: SmallPublication) -> None:
    keys = {tuple(record) for record in both.records().values()}
    turns = {tuple(turn) for record in both.records().values() for turn in record["messages"]}
    assert len(keys) == 1 and len(turns) == 1


def test_parquet_holds_the_same(both: SmallPublication) -> None:
    rows = {}
    for path in sorted(both.place.glob("*/*.parquet")):
        rows |= {row["key"]: row for row in pq.read_table(path).to_pylist()}
    samples, records = both.samples(), both.records()
    assert rows.keys() == samples.keys()
    for name, row in rows.items():
        record = records[name]
        shown = {image["path"]: image["bytes"] for image in row["images"]}
        assert shown == {ending: data for ending, data in samples[name].items() if ending != "json"}
        said = [{"role": one["role"], "content": one["content"]} for one in record["messages"]]
        assert row["messages"] == said
        assert row["untrained"] == [at for at, one in enumerate(record["messages"]) if not one["train"]]
        thoughts = [one["reasoning_content"] for one in record["messages"]]
        assert row["reasoning"] == (thoughts if any(thoughts) else [])
        for fact in ("source", "category", "language", "licence", "model_terms", "inclusion_probability", "tools"):
            assert row[fact] == record[fact], fact


def test_the_manifest_tells_each_file(both: SmallPublication) -> None:
    manifest = read_manifest(both.run.folder.mixture, "p")
    files = {
        path.relative_to(both.place).as_posix() for path in both.place.glob("*/mixture-*") if path.suffix != ".idx"
    }
    assert {shard["file"] for shard in manifest["shards"]} == files
    for shard in manifest["shards"]:
        data = (both.place / shard["file"]).read_bytes()
        assert (shard["bytes"], shard["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest["samples"] == 2 * 13


def test_the_counts_are_samples(both: SmallPublication) -> None:
    assert both.run.folder.read_stage_counts("publish") == Counts(13, 13)


def test_energon_metadata(both: SmallPublication) -> None:
    folder = both.place / ".nv-meta"
    parts = yaml.safe_load((folder / "split.yaml").read_text())["split_parts"]
    assert parts["val"] == ["validation/mixture-000000.tar"] and all(one.startswith("train/") for one in parts["train"])
    counts = json.loads((folder / ".info.json").read_text())["shard_counts"]
    assert sum(counts.values()) == 13 and set(counts) == {*parts["train"], *parts["val"]}


def test_the_ledger(both: SmallPublication) -> None:
    told = json.loads((both.place / LICENCES).read_text())
    assert told["samples"] == 13 == sum(one["samples"] for one in told["licences"].values())
    assert told["most_restrictive"] == "unknown"  # of the row that names none
    assert told["licences"]["CC-BY-NC-4.0"]["obligations"] == ["attribution", "non_commercial"]
    assert told["model_terms"]["openai"] + told["without_model_terms"] == 13


def test_the_card_is_one_that_the_hub_reads(both: SmallPublication) -> None:
    text = (both.place / CARD).read_text()
    _, front, body = text.split("---\n", 2)
    values = yaml.safe_load(front)
    assert values["license"] == "other" and values["language"] == ["en", "zh"]
    assert {"split": "validation", "path": "validation/*.tar"} in values["configs"][0]["data_files"]
    names = [one["name"] for one in values["dataset_info"]["features"]]
    assert names[:3] == ["json", "0.jpg", "1.jpg"]
    assert "An instruction mixture of 13 samples" in body and "`xyxy` in `0-1000`" in body


def test_the_same_bytes_again_and_what_is_finished_stays(both: SmallPublication) -> None:
    """A shard and what is written last are taken away, as a kill leaves it."""
    place = both.place
    before = {path: path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}
    gone = place / "train/mixture-000001.tar"
    for path in (gone, place / ".stats/train/mixture-000001.json", place / "manifest.json", place / CROISSANT):
        path.unlink()
    kept = place / "train/mixture-000000.tar"
    modified = kept.stat().st_mtime_ns
    publish(both.run, BOTH)
    assert kept.stat().st_mtime_ns == modified
    assert {path: path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()} == before


def test_it_is_read_as_an_instruction_set_again(both: SmallPublication) -> None:
    """With the adapter for messages: the same turns, the same pictures."""
    source = InstructSource(
        name="again",
        path=str(both.place / "train/*.tar"),
        adapter="messages",
        coordinates={"unit": "0-1000", "order": "xyxy", "frame": "upright"},
    )
    rows = [one for part in list_parts(source, 1 << 20) for one in standardise(part, source)]
    assert len(rows) == 12 and all(isinstance(row, Row) for row in rows)
    by_key = {row.source_key: row for row in rows if isinstance(row, Row)}
    boxed = by_key["a/p.0/0"]
    assert boxed.regions[0].xy == (20.0, 10.0, 100.0, 50.0)
    assert [one.width for one in boxed.media] == [200, 200]


@pytest.mark.slow
def test_a_picture_that_is_another_one_is_an_error(tmp_path: pathlib.Path) -> None:
    made = published(tmp_path, PublishSettings())
    shutil.rmtree(made.place)
    (tmp_path / "media" / "red.jpg").write_bytes(PICTURES[3])
    with pytest.raises(InputError, match=r"red\.jpg holds other bytes of it than were read"):
        publish(made.run, PublishSettings())


def test_names_of_parts_with_dots_stand_as_such(both: SmallPublication) -> None:
    assert PARTS[0].shard == "p.0" and not any("." in name for name in both.samples())


@pytest.mark.slow
def test_shards_made_one_by_one_are_those_made_together(
    both: SmallPublication, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block, "_MOST_BYTES_AT_ONCE", 0)
    alone = published(tmp_path, BOTH, MixSettings(size=12, max_copies=2))
    assert len(list(alone.place.glob("train/*.tar"))) > 1
    for path in sorted(alone.place.glob("*/mixture-*")):
        assert path.read_bytes() == (both.place / path.relative_to(alone.place)).read_bytes()
