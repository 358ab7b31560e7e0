"""Tars and records as documents: what is wrong is a reject with its reason, and counts add up."""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from typing import Any

import pytest

from tests.transforms.packing.corpus import pack_all, pack_job, pair, picture, write_records, write_tar
from transforms.errors import InputError
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.documents.pairs import read_pairs
from transforms.packing.documents.records import read_records
from transforms.packing.inputs import group_inputs, list_inputs
from transforms.packing.sources import PackSource, VideoSampling
from transforms.rejects import Reject


def read(source: PackSource, range_bytes: int = 1 << 20) -> dict[str, LocatedDocument | Reject]:
    outcomes: dict[str, LocatedDocument | Reject] = {}
    for part in list_inputs(source, range_bytes):
        items = read_pairs(part, source) if source.format == "webdataset" else read_records(part, source, VIDEO)
        for one in items:
            key = one.key if isinstance(one, Reject) else one.document.key
            assert key not in outcomes
            outcomes[key] = one
    return outcomes


VIDEO = VideoSampling()


def reason(outcome: LocatedDocument | Reject) -> str:
    return str(outcome.reason) if isinstance(outcome, Reject) else "fine"


def test_faults_of_pairs(tmp_path: pathlib.Path) -> None:
    members = {
        **pair("fine", 50, 40, 1),
        **pair("disagrees", 50, 40, 2, {"width": 51}),
        "missing.txt": b"no image",
        "missing.json": b"{}",
        "empty.jpg": b"",
        "empty.txt": b"an empty image",
        "text.jpg": b"<html>",
        "text.txt": b"no picture",
        "silent.jpg": picture(30, 30, 3),
        "unstated.jpg": picture(30, 30, 3),
        "unstated.txt": b"no JSON says its size",
        "cut.jpg": picture(300, 300, 4)[:2000],
        "cut.txt": b"cut off",
    }
    write_tar(tmp_path / "a.tar", members)
    source = PackSource(name="pairs", format="webdataset", path=str(tmp_path))
    expected = {
        "fine": "fine",
        "disagrees": "size_mismatch",
        "missing": "missing_image",
        "empty": "empty_image",
        "text": "undecodable_image",
        "silent": "missing_caption",
        "unstated": "fine",
        "cut": "fine",
    }
    assert {key: reason(outcome) for key, outcome in read(source).items()} == expected
    verified = read(source.model_copy(update={"verify_images": True}))
    assert {key: reason(outcome) for key, outcome in verified.items()} == {**expected, "cut": "truncated_image"}


def record(role: str = "user", text: str = "<image>What?", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text}, {"role": "assistant", "content": "That."}], **more}


def test_faults_of_records(tmp_path: pathlib.Path) -> None:
    write_records(tmp_path)
    (tmp_path / "media" / "page.jpg").write_bytes(b"<html>")
    records: list[Any] = [
        (record(images=["media/a.jpg"]), "fine"),
        (record(images=[str(tmp_path / "media" / "a.jpg")]), "fine"),  # absolute, and below the folder
        (record(role="narrator", images=["media/a.jpg"]), "unknown_role"),
        (record(images=["media/absent.jpg"]), "missing_image"),
        (record(images=["https://example.org/a.jpg"]), "missing_image"),
        (record(images=["../../etc/passwd"]), "unsafe_member_name"),
        (record(images=["/etc/passwd"]), "unsafe_member_name"),
        (record(images=["media/page.jpg"]), "undecodable_image"),
        (record(images=["media/a.jpg", "media/b.png"]), "unplaced_media"),
        (record(text="<video>Why?", videos=["media/a.txt"]), "missing_video"),
        (record(text="<video>Why?", videos=["media/page.jpg"]), "undecodable_video"),
        ({"question": "?"}, "malformed_record"),
        ("text", "malformed_record"),
    ]
    (tmp_path / "records.json").write_text(json.dumps([one for one, _ in records]))
    source = PackSource(name="instruct", format="conversations", path=str(tmp_path / "records.json"))
    assert [reason(outcome) for outcome in read(source).values()] == [why for _, why in records]


def test_json_lines_in_ranges_are_read_once_each(tmp_path: pathlib.Path) -> None:
    lines = [json.dumps({"instruction": f"{n}" * (n % 7), "output": f"{n}"}) for n in range(200)]
    lines[50] = "{broken"
    lines[60] = ""
    (tmp_path / "set.jsonl").write_text("\n".join(lines))
    source = PackSource(name="lines", format="conversations", path=str(tmp_path))
    whole = {key: reason(one) for key, one in read(source).items()}
    assert Counter(whole.values()) == {"fine": 198, "malformed_record": 1}
    for range_bytes in (1, 37, 1000):
        assert {key: reason(one) for key, one in read(source, range_bytes).items()} == whole


def test_prefixes_of_other_machines_are_left_out(tmp_path: pathlib.Path) -> None:
    write_records(tmp_path / "elsewhere")
    (tmp_path / "records.json").write_text(json.dumps([record(images=["/home/them/media/a.jpg"])]))
    source = PackSource(name="s", format="conversations", path=str(tmp_path / "records.json"))
    assert [reason(one) for one in read(source).values()] == ["unsafe_member_name"]
    moved = source.model_copy(update={"media": str(tmp_path / "elsewhere"), "media_prefix": "/home/them/"})
    assert [reason(one) for one in read(moved).values()] == ["fine"]


def test_nothing_to_read_is_an_error(tmp_path: pathlib.Path) -> None:
    for what in ("webdataset", "conversations"):
        with pytest.raises(InputError, match="source s: nothing to read"):
            list_inputs(PackSource(name="s", format=what, path=str(tmp_path)), 1)
    (tmp_path / "bad.json").write_text("[{]")
    with pytest.raises(InputError, match=r"bad.json is not JSON: .*, line 1\. Mend"):
        read(PackSource(name="s", format="conversations", path=str(tmp_path)))
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(InputError, match=r"must hold a list"):
        read(PackSource(name="s", format="conversations", path=str(tmp_path)))


def test_what_is_wrong_with_a_source_is_said_with_its_name(tmp_path: pathlib.Path) -> None:
    source = PackSource(name="s", format="conversations", path=str(tmp_path))
    for names, range_bytes in ((("a.json", "a.jsonl"), 100), (("b.jsonl", "b-00001.json"), 1)):
        for name in names:
            (tmp_path / name).write_text("[\n]")
        with pytest.raises(InputError, match=r"source s: .* would both be called (a|b-00001)\. Make them sources"):
            list_inputs(source, range_bytes)
        for name in names:
            (tmp_path / name).unlink()
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(InputError, match=r"source s: there is no folder of media at .*absent\. Mend the setting media"):
        list_inputs(source.model_copy(update={"media": str(tmp_path / "absent")}), 1)
    for name in ("a.json", "a.jsonl"):
        (tmp_path / name).write_text("[]")
        (part,) = list_inputs(source, 100)
        (tmp_path / name).unlink()
        with pytest.raises(InputError, match=r"source s: .*a\.jsonl? cannot be read: No such file.* again"):
            list(read_records(part, source, VIDEO))


def test_groups_depend_on_the_set_of_inputs_only(tmp_path: pathlib.Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.json").write_text("[]")
    inputs = list_inputs(PackSource(name="s", format="conversations", path=str(tmp_path)), 100)
    groups = group_inputs(inputs, 3, 0)
    assert groups == group_inputs(inputs[::-1], 3, 0)
    assert sorted(len(group.inputs) for group in groups) == [2, 2, 3]


def test_a_pack_shorter_than_every_document(tmp_path: pathlib.Path) -> None:
    write_records(tmp_path / "instruct")
    source = PackSource(name="instruct", format="conversations", path=str(tmp_path / "instruct"))
    [one] = pack_all(pack_job(tmp_path / "run", [source], pack_tokens=16))
    assert one.counts.to_dict() == {"rows_in": 4, "rows_out": 0, "rejects": {"too_long": 4}}
