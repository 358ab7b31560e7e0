"""One bad record among good ones is one reject with the right reason; the job goes on, and says the same each time."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.transforms.packing.corpus import pack_all, pack_job, picture, write_records
from transforms.errors import InputError
from transforms.packing.documents.media import LocatedDocument, Media, MediaReader, content_hash, read_regular
from transforms.packing.documents.records import read_records
from transforms.packing.inputs import list_inputs
from transforms.packing.sources import PackSource, VideoSampling
from transforms.rejects import Reject
from transforms.storage import StoragePath


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "That."}], **more}


def showing(name: Any) -> dict[str, Any]:
    return asking("<image>What?", images=[name])


#: What may stand in a list of records, and what becomes of it.
BAD: list[tuple[Any, str]] = [
    ({"instruction": ["a"], "output": "b"}, "malformed_record"),
    ({"instruction": "a", "input": 7, "output": "b"}, "malformed_record"),
    ({"instruction": "a", "output": "b", "history": "none"}, "malformed_record"),
    (asking("lone \ud800 surrogate"), "malformed_record"),
    ({"\udfff": 1}, "malformed_record"),
    (showing("\udc80.jpg"), "malformed_record"),
    (showing("a\0b.jpg"), "malformed_record"),
    (showing({"bytes": None, "path": "\ud800.jpg"}), "missing_image"),
    (showing("n" * 300), "missing_image"),
    (showing("n/" * 3_000 + "a.jpg"), "missing_image"),
    (showing(""), "missing_image"),
    (showing("media"), "missing_image"),
    (showing("media/"), "missing_image"),
    (showing("media/a.jpg/"), "missing_image"),
    (showing("media/loop.jpg"), "missing_image"),
    (showing("media/pipe.jpg"), "missing_image"),
    (showing("media/zero.jpg"), "missing_image"),
    (asking("<video>What?", videos=["media/pipe.jpg"]), "missing_video"),
    (showing("media/page.jpg"), "undecodable_image"),
    (showing("media/empty.jpg"), "empty_image"),
    (None, "malformed_record"),
    (float("nan"), "malformed_record"),
]
GOOD = showing("media/a.jpg")


def write(folder: pathlib.Path) -> PackSource:
    write_records(folder)
    media = folder / "media"
    (media / "page.jpg").write_bytes(b"<html>")
    (media / "empty.jpg").write_bytes(b"")
    (media / "loop.jpg").symlink_to("loop.jpg")
    (media / "zero.jpg").symlink_to("/dev/zero")
    os.mkfifo(media / "pipe.jpg")  # to open it would wait for a writer, for ever
    records = [one for bad, _ in BAD for one in (bad, GOOD)]
    deep = "[" * 30_000 + "]" * 30_000
    (folder / "records.json").write_text(json.dumps(records)[:-1] + f", {deep}, {json.dumps(GOOD)}]")
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, records)) + f"\n{deep}\n")
    return PackSource(name="instruct", format="conversations", path=str(folder))


def test_the_job_goes_on_and_says_the_same_each_time(tmp_path: pathlib.Path) -> None:
    rejects = []
    for name in ("one", "another"):
        source = write(tmp_path / name / "raw")
        [record] = pack_all(pack_job(tmp_path / name, [source]))
        assert record.counts.rows_out == 2 * len(BAD) + 1
        tables = [pq.read_table(path) for path in sorted((tmp_path / name / "rejects").rglob("*.parquet"))]
        rejects.append([row for table in tables for row in table.to_pylist()])
        shutil.rmtree(tmp_path / name / "raw")
    assert rejects[0] == rejects[1]  # no address of an object, no place of the media
    reasons = [reason for _, reason in BAD] + ["malformed_record"]
    assert [row["reason"] for row in rejects[0]] == 2 * reasons
    details = [row["detail"] for row in rejects[0]]
    assert all(details) and max(map(len, details)) < 300
    assert not [detail for detail in details if " at 0x" in detail or str(tmp_path) in detail]


def test_what_is_no_regular_file_is_not_opened(tmp_path: pathlib.Path) -> None:
    folder = StoragePath.of(tmp_path)
    (tmp_path / "a").write_bytes(b"data")
    (tmp_path / "link").symlink_to("a")
    assert read_regular(folder / "a") == read_regular(folder / "link") == b"data"
    assert read_regular(folder / "b") == "No such file or directory"
    assert read_regular(folder) == "Is a directory"
    os.mkfifo(tmp_path / "pipe")
    assert read_regular(folder / "pipe") == "not a regular file"


@pytest.mark.parametrize("offset", [None, 512])
def test_media_changed_between_measuring_and_writing(tmp_path: pathlib.Path, offset: int | None) -> None:
    path, before, after = tmp_path / "a.jpg", picture(40, 30, 1), bytearray(picture(40, 30, 1))
    after[-3] ^= 1  # another picture, perhaps: of the same size, and written within the same second
    media = Media(StoragePath.of(path), len(before), "jpg", content_hash(before), offset)
    for data, fine in ((before, True), (bytes(after), False), (before[:-1], False)):
        path.write_bytes(bytes(offset or 0) + data)
        if fine:
            assert MediaReader().read(media) == before
            continue
        with pytest.raises(InputError, match=r"a\.jpg.* was changed after it was measured"):
            MediaReader().read(media)


def test_what_is_read_again_is_what_was_measured(tmp_path: pathlib.Path) -> None:
    write_records(tmp_path)
    source = PackSource(name="s", format="conversations", path=str(tmp_path / "records.json"))
    (part,) = list_inputs(source, 1 << 20)
    found = [one for one in read_records(part, source, VideoSampling()) if not isinstance(one, Reject)]
    assert sum(len(one.images) + len(one.videos) for one in found) == 3
    for name in ("a.jpg", "c.mp4"):
        data = bytearray((tmp_path / "media" / name).read_bytes())
        data[-1] ^= 1
        (tmp_path / "media" / name).write_bytes(bytes(data))
    for one in found:
        changed_in(one)


def changed_in(one: LocatedDocument) -> None:
    for media in (*one.images, *one.videos):
        if media.ending == "png":
            assert MediaReader().read(media)
        else:
            with pytest.raises(InputError, match="was changed after it was measured"):
                MediaReader().read(media)
