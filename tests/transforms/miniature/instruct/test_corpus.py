"""What is written, read by libraries that know nothing of how it was made, and held against the truth."""

from __future__ import annotations

import hashlib
import io
import json
import pathlib
import re
import tarfile
from collections import Counter, defaultdict

import datasets
import pyarrow.parquet as pq
import pytest
import webdataset
from PIL import Image, ImageOps, UnidentifiedImageError

from tests.integration.conftest import ROOT
from tests.transforms.miniature.instruct.conftest import SETTINGS
from tests.transforms.miniature.instruct.test_boxes import read_back, tolerance
from transforms.configuration import read_yaml
from transforms.errors import RunFolderError
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.safety.hash_lists import pdq
from transforms.instruct.settings import InstructSource
from transforms.miniature.instruct.benchmark import LOOK_ALIKES
from transforms.miniature.instruct.corpus import write_corpus
from transforms.miniature.instruct.declared import declared_sources
from transforms.miniature.instruct.faults import Fault
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.instruct.sources import BY_NAME, FileFormat, Shape
from transforms.storage import StoragePath

BESIDE = (FileFormat.JSON, FileFormat.JSONL)
UNSEEN = (Fault.TRUNCATED_IMAGE, Fault.UNDECODABLE_IMAGE, Fault.EMPTY_IMAGE, Fault.MISSING_IMAGE)


def sums(folder: pathlib.Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def records(corpus, lines, truth) -> dict[str, dict]:
    """Key → the record as read back, images as bytes or names; without those whose JSON is broken."""
    tables = {}
    found = {}
    for row in truth:
        source, path = BY_NAME[row["source"]], corpus / "sources" / row["source"] / row["file"]
        if source.file_format in BESIDE:
            if row["fault"] != Fault.MALFORMED_JSON:
                found[row["key"]] = json.loads(lines[row["source"], row["file"]][row["position"]])
        elif source.file_format is FileFormat.PARQUET:
            if path not in tables:
                tables[path] = pq.read_table(path).to_pylist()
            found[row["key"]] = tables[path][row["position"]]
        else:
            if path not in tables:
                tables[path] = samples(path)
            found[row["key"]] = tables[path][row["position"]]
    return found


def samples(path: pathlib.Path) -> list[dict]:
    found = defaultdict(dict)
    with tarfile.open(path) as tar:
        for member in tar:
            assert member.mtime == 0
            key, _, ending = member.name.partition(".")
            found[key][ending] = tar.extractfile(member).read()
    return [json.loads(one["json"]) | {"members": one} for _, one in sorted(found.items())]


def texts_of(source, record) -> list[tuple[str, str | None]]:
    """(role, text) of each turn, reasoning and placeholders included."""
    match source.shape:
        case Shape.MESSAGES:
            return [(turn["role"], turn["content"]) for turn in record["messages"]]
        case Shape.PARTS:
            return [
                (t["role"], t["content"] and "".join(p["text"] or "" for p in t["content"] if p["type"] == "text"))
                for t in record["messages"]
            ]
        case Shape.CONVERSATIONS | Shape.CONVERSATIONS_UNPLACED:
            roles = {"human": "user", "gpt": "assistant"}
            return [(roles.get(turn["from"], turn["from"]), turn["value"]) for turn in record["conversations"]]
        case Shape.TEXTS:
            return [(r, pair[r]) for pair in record["texts"] for r in ("user", "assistant")]
        case Shape.ALPACA:
            asked = "\n".join(part for part in (record["instruction"], record["input"]) if part)
            earlier = [
                turn for before, said in record.get("history", []) for turn in (("user", before), ("assistant", said))
            ]
            system = [("system", record["system"])] if "system" in record else []
            return [*system, *earlier, ("user", asked), ("assistant", record["output"])]
        case Shape.CAPTION:
            return [("assistant", record["members"]["txt"].decode() if "members" in record else record["caption"])]
        case Shape.VQA:
            answer = record["answer"] if "answer" in record else Counter(record["answers"]).most_common(1)[0][0]
            return [("user", record["question"]), ("assistant", answer)]


def images_of(source, row, record, corpus) -> list[bytes | None]:
    if source.file_format is FileFormat.PARQUET:
        return [image["bytes"] for image in record["images"]]
    if source.file_format is FileFormat.TAR:
        endings = ("jpg", "png", "0.jpg", "0.png", "1.jpg", "1.png", "2.jpg", "2.png")
        data = [record["members"][ending] for ending in endings if ending in record["members"]]
        return data or [None] * len(row["images"])
    named = record.get("images") or record.get("image") or []
    if source.shape is Shape.PARTS:
        if row["fault"] in (Fault.NO_TURNS, Fault.NULL_TEXT):  # the pictures went with the turns
            return [None] * len(row["images"])
        parts = [p for t in record["messages"] for p in (t["content"] or []) if p["type"] == "image_url"]
        named = [part["image_url"]["url"] for part in parts if "image_url" in part]
    paths = [corpus / "sources" / row["source"] / name for name in ([named] if isinstance(named, str) else named)]
    return [path.read_bytes() if path.is_file() else None for path in paths]


@pytest.mark.slow
def test_every_record_is_in_the_truth(corpus, lines, truth):
    wanted = Counter((row["source"], row["file"]) for row in truth)
    found = {place: len(records) for place, records in lines.items()}
    for path in (corpus / "sources").glob("*/*.parquet"):
        found[path.parent.name, path.name] = pq.ParquetFile(path).metadata.num_rows
    for path in (corpus / "sources").glob("*/*.tar"):
        found[path.parent.name, path.name] = len(samples(path))
    assert found == wanted
    assert sum(found.values()) == SETTINGS.rows
    assert len({row["key"] for row in truth}) == SETTINGS.rows


def test_the_texts_are_those_of_the_truth(records, truth):
    for row in truth:
        if row["fault"] in (Fault.MALFORMED_JSON, Fault.NO_TURNS):
            continue
        source, record = BY_NAME[row["source"]], records[row["key"]]
        for turn, (role, text) in zip(row["turns"], texts_of(source, record), strict=True):
            assert turn["role"] == role
            if text is None:
                assert row["fault"] == Fault.NULL_TEXT and turn["text"] is None
                continue
            bare = text.replace("<image>\n", "").encode("utf-8", "backslashreplace").decode()
            if turn["reasoning"] is not None and source.shape is not Shape.PARTS:
                assert bare.startswith(f"<think>\n{turn['reasoning']}\n</think>\n\n")
                bare = bare.split("</think>\n\n")[1]
            if source.shape is Shape.VQA and "choices" in record and role == "user":
                assert turn["text"].startswith(bare) and all(choice in turn["text"] for choice in record["choices"])
            else:
                assert bare == turn["text"]
        for message in record.get("messages", []):
            assert "reasoning_content" not in message or message["reasoning_content"] in str(row["turns"])


def test_placeholders_agree_with_images_but_for_their_faults(records, truth):
    seen = Counter()
    for row in truth:
        source = BY_NAME[row["source"]]
        if source.shape not in (Shape.MESSAGES, Shape.CONVERSATIONS) or row["fault"] in (
            Fault.MALFORMED_JSON,
            Fault.NO_TURNS,
            Fault.NULL_TEXT,
        ):
            continue
        placeholders = sum((text or "").count("<image>") for _, text in texts_of(source, records[row["key"]]))
        difference = placeholders - len(row["images"])
        assert difference == {Fault.MORE_PLACEHOLDERS: 1, Fault.FEWER_PLACEHOLDERS: -1}.get(row["fault"], 0), row
        seen[difference] += 1
    assert set(seen) >= {0, -1}


def test_images_are_as_the_truth_has_them(corpus, records, truth):
    turned, faults = Counter(), Counter()
    for row in truth:
        if row["fault"] == Fault.MALFORMED_JSON or not row["images"]:
            continue
        found = images_of(BY_NAME[row["source"]], row, records[row["key"]], corpus)
        assert len(found) == len(row["images"])
        for data, image in zip(found, row["images"], strict=True):
            faults[row["fault"]] += 1
            if data is None:
                assert row["fault"] in (Fault.MISSING_IMAGE, Fault.NO_TURNS, Fault.NULL_TEXT)
            elif row["fault"] in UNSEEN:
                with pytest.raises((OSError, UnidentifiedImageError)):
                    Image.open(io.BytesIO(data)).load()
            else:
                picture = Image.open(io.BytesIO(data))
                assert picture.getexif().get(0x0112, 1) == image["orientation"]
                turned[image["orientation"] > 1] += 1
                assert ImageOps.exif_transpose(picture).size == (image["width"], image["height"])
                is_png = image["name"].endswith(".png")
                assert (picture.format == "PNG") is (is_png is not (row["fault"] == Fault.WRONG_EXTENSION))
    assert min(turned[True], turned[False]) > 20
    assert all(faults[fault] for fault in UNSEEN)


def test_written_boxes_are_the_true_ones(truth):
    """Each source's numbers, read back by its declaration, are the truth's to within their rounding."""
    checked = Counter()
    for row in truth:
        if row["fault"] is not None or not row["boxes"]:
            continue
        convention = BY_NAME[row["source"]].convention
        boxes = defaultdict(list)
        for box in row["boxes"]:
            boxes[box["message"]].append(box)
        for message, wanted in boxes.items():
            written = re.findall(r"\[[-\d., ]+\]", row["turns"][message]["text"])
            for numbers, box in zip(written, wanted, strict=True):
                image = row["images"][box["image"]]
                size = image["width"], image["height"]
                true = [box[edge] for edge in ("x0", "y0", "x1", "y1")]
                found = read_back(json.loads(numbers), size, image["orientation"], convention)
                assert found == pytest.approx(true, abs=tolerance(size, convention) + 1e-3)
                assert 0 <= true[0] < true[2] <= size[0] and 0 <= true[1] < true[3] <= size[1]
                checked[row["source"]] += 1
    assert len(checked) == 6


def test_boxes_with_a_fault_are_not_the_true_ones(truth):
    found = Counter()
    for row in truth:
        if row["fault"] in (Fault.BOX_OUTSIDE, Fault.BOX_INVERTED, Fault.BOX_EMPTY):
            convention, image, box = BY_NAME[row["source"]].convention, row["images"][0], row["boxes"][0]
            written = json.loads(row["turns"][box["message"]]["text"])
            size = image["width"], image["height"]
            true = [box[edge] for edge in ("x0", "y0", "x1", "y1")]
            a, b, c, d = written
            assert row["turns"][box["message"]]["role"] == "assistant"
            if row["fault"] == Fault.BOX_OUTSIDE:
                edges = read_back(written, size, image["orientation"], convention)
                assert edges[2] > size[0] or edges[3] > size[1] or min(edges) < 0
            elif row["fault"] == Fault.BOX_EMPTY:
                x0, y0, x1, y1 = read_back(written, size, image["orientation"], convention)
                assert (x1 - x0) * (y1 - y0) == pytest.approx(0, abs=1e-6)
            elif convention.order in ("xywh", "cxcywh"):
                assert c < 0 and d < 0
            else:
                assert a > c and b > d and true[0] < true[2]
            found[row["fault"]] += 1
    assert len(found) == 3


def test_scenes_in_six_conventions_are_one_region(truth):
    groups = defaultdict(list)
    for row in truth:
        if row["duplicate_group"]:
            groups[row["duplicate_group"]].append(row)
    conventions = [rows for rows in groups.values() if any(row["relation"] == "convention" for row in rows)]
    assert conventions and any(row["images"][0]["orientation"] > 1 for rows in conventions for row in rows)
    for rows in conventions:
        assert len({row["source"] for row in rows}) == len(rows) == 6
        assert len({json.dumps(row["boxes"]) for row in rows}) == 1


def test_planted_data_stand_where_the_truth_says(truth):
    found = Counter()
    for row in truth:
        for span in row["planted"]:
            assert row["turns"][span["message"]]["text"][span["start"] : span["end"]] == span["value"]
            found[span["kind"], span["is_personal"]] += 1
    assert len(found) == 14


def test_the_benchmark_and_its_canaries(corpus, truth):
    by_key = {row["key"]: row for row in truth}
    asked = [json.loads(line) for line in (corpus / "benchmark/questions.jsonl").read_text().splitlines()]
    table = {row["id"]: row for row in pq.read_table(corpus / "truth/benchmark.parquet").to_pylist()}
    assert [question["question_id"] for question in asked] == list(table)
    exact = 0
    for question in asked:
        if "image" in question:
            data = (corpus / "benchmark" / question["image"]).read_bytes()
            Image.open(io.BytesIO(data)).load()
        for key in table[question["question_id"]]["canaries"]:
            row = by_key[key]
            assert row["canary"] == question["question_id"] and row["cell"] not in LOOK_ALIKES
            if row["cell"] == "exact" and BY_NAME[row["source"]].shape is not Shape.VQA:
                exact += 1
                assert row["turns"][0]["text"] == question["question"]
                assert question["image"].endswith(row["images"][0]["name"])
    assert exact or all(BY_NAME[r["source"]].shape is Shape.VQA for r in truth if r["cell"] == "exact")
    planted = {row["key"] for row in truth if row["canary"]}
    assert planted == {key for row in table.values() for key in row["canaries"]}


def test_listed_hashes_are_met_by_their_rows(corpus, records, truth):
    listed = set((corpus / "lists/md5.txt").read_text().split())
    kept = [path.read_bytes() for path in (corpus / "truth/listed").iterdir()]
    assert {hashlib.md5(data).hexdigest() for data in kept} == listed
    looks = {one.hex() for one in map(pdq, kept) if one is not None}
    assert set((corpus / "lists/pdq.txt").read_text().split()) == looks and len(looks) > len(kept) / 2
    for row in truth:
        if row["images"] and row["fault"] not in (*UNSEEN, Fault.MALFORMED_JSON):
            found = images_of(BY_NAME[row["source"]], row, records[row["key"]], corpus)
            hit = any(hashlib.md5(data).hexdigest() in listed for data in found if data is not None)
            assert hit is (row["unsafe"] == "md5")


def test_faults_of_records(lines, truth, records):
    seen = set()
    for row in truth:
        match row["fault"]:
            case Fault.MALFORMED_JSON:
                with pytest.raises(json.JSONDecodeError):
                    json.loads(lines[row["source"], row["file"]][row["position"]])
            case Fault.NO_TURNS:
                assert not {"messages", "conversations"} & set(records[row["key"]])
            case Fault.STRAY_KEY:
                assert {"__index_level_0__", "uid", "annotator_notes"} & set(records[row["key"]])
            case Fault.LONE_SURROGATE:
                assert "\\ud83d" in lines[row["source"], row["file"]][row["position"]]
            case _:
                continue
        seen.add(row["fault"])
    assert len(seen) == 4


def test_sources_are_declared(corpus, truth):
    declared = {source.name: source for source in declared_sources(StoragePath.of(corpus))}
    assert list(declared) == list(BY_NAME)
    for row in truth:
        said = declared[row["source"]]
        assert said.license == row["licence"]
        assert said.model_terms == ([row["model_terms"]] if row["model_terms"] else [])
        assert said.coordinates is not None or not row["boxes"]
    for source in declared.values():
        (part, *_) = list_parts(source)
        assert part.path.is_file()


def test_the_shipped_configuration_declares_them_alike(corpus):
    settings = read_yaml(str(ROOT / "configs" / "instruct" / "mini.yaml"))
    drawn = f"{settings['miniature']['folder']}/"
    shipped = [InstructSource.model_validate(one) for one in settings["sources"]]
    paths = [str(pathlib.Path(one.path).relative_to(corpus)) for one in declared_sources(StoragePath.of(corpus))]
    assert [one.path.removeprefix(drawn) for one in shipped] == paths
    assert [one.identity() for one in shipped] == [one.identity() for one in declared_sources(StoragePath.of(corpus))]


def test_a_corpus_that_is_there_is_left_and_another_is_refused(corpus):
    before = sums(corpus)
    write_corpus(StoragePath.of(corpus), SETTINGS)
    assert sums(corpus) == before
    with pytest.raises(RunFolderError, match="other settings"):
        write_corpus(StoragePath.of(corpus), InstructCorpusSettings(rows=700, seed=6))


def test_parquet_is_read_by_datasets(corpus, tmp_path):
    for source in ("kettle-texts", "meridian-parquet", "bamboo-parquet"):
        files = sorted(map(str, (corpus / "sources" / source).glob("*.parquet")))
        loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
        pictures = loaded.cast_column("images", datasets.List(datasets.Image(decode=False)))
        assert len(pictures) and {"bytes", "path"} == set(pictures[0]["images"][0])


def test_tars_are_read_by_webdataset(corpus, truth):
    for source in ("gallery-tars", "harbour-tars"):
        paths = sorted(map(str, (corpus / "sources" / source).glob("*.tar")))
        found = list(webdataset.WebDataset(paths, shardshuffle=False).decode())
        assert len(found) == sum(row["source"] == source for row in truth)
        assert all(isinstance(sample["json"], dict) for sample in found)


@pytest.mark.slow
def test_the_same_bytes_with_two_processes(corpus, tmp_path):
    write_corpus(StoragePath.of(tmp_path), SETTINGS, processes=2)
    assert sums(tmp_path) == sums(corpus)
