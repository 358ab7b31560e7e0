"""Folders as people have them: odd names, links, caption files with rows that cannot be used."""

from __future__ import annotations

import json
import os
import pathlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transforms.reading.formats.test_folder import read, write
from transforms.errors import InputError
from transforms.reading.captions import read_captions
from transforms.reading.listing import list_shards
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject
from transforms.storage import StoragePath

BAD_NAMES = [
    "",
    ".",
    "./",
    "d",
    "d/",
    "x" * 5000,
    "x" * 256 + ".jpg",
    "a\0.jpg",
    "../up.jpg",
    "/etc/passwd",
    "none.jpg",
]


def outcomes(folder: pathlib.Path, **values: object) -> list[tuple[str, str]]:
    source = SourceSettings.model_validate({"name": "test", "format": "folder", "path": str(folder), **values})
    found = [item for shard in list_shards(source, files_per_shard=2) for item in read_samples(shard, source)]
    return [(item.key, str(item.reason) if isinstance(item, Reject) else str(item.caption)) for item in found]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize("bad", BAD_NAMES, ids=lambda name: repr(name[:12]))
def test_a_name_that_cannot_be_is_one_reject(tmp_path: pathlib.Path, ending: str, bad: str) -> None:
    write(tmp_path / "a.jpg")
    write(tmp_path / "d" / "b.jpg")
    names = ["a.jpg", bad, "d/b.jpg"]
    rows = [json.dumps({"file": name, "caption": "text"}) for name in names]
    if ending == "csv":
        rows = ["file,caption", *(f'"{name}",text' for name in names)]
    write(tmp_path / f"c.{ending}", "\n".join(rows).encode())
    found = outcomes(tmp_path, captions=f"c.{ending}")
    assert [item for item in found if item[1] == "text"] == [("a", "text"), ("d/b", "text")]
    [(_, reason)] = [item for item in found if item[1] != "text"]
    assert reason in ("malformed_record", "unusable_name", "unsafe_member_name", "missing_image")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x" * 251 + ".jpg", "text"),
        ("x" * 252 + ".jpg", "unusable_name"),
        ("d/" + "狗" * 83 + "x.png", "missing_image"),
        ("d/" + "狗" * 84 + ".png", "unusable_name"),
        ("x" * 256 + "/a.jpg", "unusable_name"),
        ("/".join(["x" * 200] * 5) + "/" + "y" * 15 + ".jpg", "missing_image"),
        ("/".join(["x" * 200] * 5) + "/" + "y" * 16 + ".jpg", "unusable_name"),
    ],
    ids=["255", "256", "255 in a folder", "256 in a folder", "a long folder", "1024", "1025"],
)
def test_the_longest_names_that_are_looked_for(tmp_path: pathlib.Path, name: str, reason: str) -> None:
    """255 bytes of a part, which file systems allow, and 1,024 in all, as stores do."""
    write(tmp_path / "a.jpg")
    if reason == "text":
        write(tmp_path / name)
    write(tmp_path / "c.csv", f"file,caption\na.jpg,of a\n{name},text\n".encode())
    assert [outcome for key, outcome in outcomes(tmp_path, captions="c.csv") if key != "a"] == [reason]


def test_a_file_that_captions_name_and_nobody_has_takes_no_bytes(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.jpg")
    write(tmp_path / "c.csv", b"file,caption\na.jpg,text\ngone.jpg,text\n")
    [shard] = list_shards(SourceSettings(name="t", format="folder", path=str(tmp_path), captions="c.csv"))
    assert (shard.files, shard.size_bytes) == (("a.jpg", "gone.jpg"), (tmp_path / "a.jpg").stat().st_size)


def test_a_name_in_another_encoding_is_one_reject(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.jpg")
    write(tmp_path / "c.csv", b"file,caption\na.jpg,text\n" + "狗.jpg,text\n".encode("gbk"))
    assert outcomes(tmp_path, captions="c.csv") == [("a", "text"), ("\ufffdB9\ufffdB7", "unusable_name")]


def test_images_whose_names_are_not_utf8_are_rejects(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.jpg")
    write(tmp_path / "\ufffd.jpg")  # UTF-8 none the less
    (tmp_path / os.fsdecode("狗".encode("gbk"))).mkdir()
    write(tmp_path / os.fsdecode("狗/b.jpg".encode("gbk")))
    write(tmp_path / os.fsdecode("狗.jpg".encode("gbk")))
    marked = "\ufffdB9\ufffdB7"
    assert sorted(outcomes(tmp_path, caption="optional")) == sorted(
        [
            ("a", "None"),
            ("\ufffdEF\ufffdBF\ufffdBD", "None"),
            (marked, "unusable_name"),
            (f"{marked}/b", "unusable_name"),
        ]
    )


@pytest.mark.parametrize("layout", ["webdataset", "parquet"])
def test_a_shard_whose_name_is_not_utf8_is_named(tmp_path: pathlib.Path, layout: str) -> None:
    write(tmp_path / os.fsdecode("狗".encode("gbk") + (b".tar" if layout == "webdataset" else b".parquet")))
    with pytest.raises(InputError, match=r"\\xb9\\xb7.* has a name that is not UTF-8"):
        list_shards(SourceSettings.model_validate({"name": "test", "format": layout, "path": str(tmp_path)}))


def test_links_are_followed_but_not_upwards(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "in" / "a.jpg")
    write(tmp_path / "elsewhere" / "b.jpg")
    (tmp_path / "in" / "self").symlink_to(".")
    (tmp_path / "in" / "up").symlink_to("..")
    (tmp_path / "in" / "there").symlink_to("../elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to("../in")
    (tmp_path / "in" / "gone.jpg").symlink_to("nowhere")
    (tmp_path / "in" / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "in" / "file.jpg").symlink_to("a.jpg")
    found = [key for key, _ in outcomes(tmp_path / "in", caption="optional")]
    assert found == ["a", "file", "there/b", "up/elsewhere/b"]


def test_folders_in_the_place_of_files(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.jpg")
    for name in ("a.txt", "b.jpg", "c.csv"):
        (tmp_path / name).mkdir()
    assert outcomes(tmp_path) == [("a", "missing_caption")]
    with pytest.raises(InputError, match=r"no caption file at .*c\.csv: it is a folder"):
        outcomes(tmp_path, captions="c.csv")


GOOD = {"csv": '"a.jpg",text', "jsonl": '{"file": "a.jpg", "caption": "text"}'}
BAD_ROWS = [
    ("jsonl", "[" * 100_000),
    ("jsonl", '{"file": "b.jpg", "caption": ' + "[" * 500 + "]" * 500 + "}"),
    ("jsonl", "{"),
    ("jsonl", "[]"),
    ("jsonl", "{}"),
    ("jsonl", "9" * 5000),
    ("jsonl", '{"file": "b.jpg"}'),
    ("jsonl", '{"file": null, "caption": "x"}'),
    ("jsonl", '{"file": {"a": 1}, "caption": "x"}'),
    ("jsonl", '{"file": "\\ud83d.jpg", "caption": "x"}'),
    ("csv", ",x"),
    ("csv", f"b.jpg,{'x' * ((16 << 20) + 1)}"),
]


@pytest.mark.parametrize(("ending", "row"), BAD_ROWS, ids=lambda text: repr(text[:20]))
def test_a_row_that_cannot_be_used_is_one_reject(tmp_path: pathlib.Path, ending: str, row: str) -> None:
    write(tmp_path / "a.jpg")
    head = "file,caption\n" if ending == "csv" else ""
    write(tmp_path / f"c.{ending}", f"{head}{row}\n{GOOD[ending]}\n".encode())
    line = 2 if ending == "csv" else 1
    assert outcomes(tmp_path, captions=f"c.{ending}") == [(f"c.{ending}:{line}", "malformed_record"), ("a", "text")]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_long_captions_are_read(tmp_path: pathlib.Path, ending: str) -> None:
    write(tmp_path / "a.jpg")
    text = "x" * 1_000_000
    rows = {"csv": f"file,caption\na.jpg,{text}", "tsv": f"file\tcaption\na.jpg\t{text}"}
    write(tmp_path / f"c.{ending}", rows.get(ending, json.dumps({"file": "a.jpg", "caption": text})).encode())
    assert outcomes(tmp_path, captions=f"c.{ending}") == [("a", text)]


def test_rows_that_cannot_be_used_are_told_once(tmp_path: pathlib.Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.jpg")
    write(tmp_path / "c.jsonl", b'{\n{"file": "1.jpg", "caption": "text"}\n')
    assert [item for item in outcomes(tmp_path, captions="c.jsonl") if item[1] == "malformed_record"] == [
        ("c.jsonl:1", "malformed_record")
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ending=st.sampled_from(["csv", "tsv", "jsonl"]),
    rows=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.tuples(st.binary(max_size=30), st.binary(max_size=30)).map(b",".join),
            st.dictionaries(st.sampled_from(["file", "caption"]), st.one_of(st.text(), st.integers())).map(
                lambda row: json.dumps(row).encode()
            ),
        ),
        max_size=5,
    ),
)
def test_no_caption_file_ends_in_anything_but_samples_rejects_or_an_input_error(
    tmp_path: pathlib.Path, ending: str, rows: list[bytes]
) -> None:
    write(tmp_path / "a.jpg")
    head = {"csv": b"file,caption\n", "tsv": b"file\tcaption\n"}.get(ending, b"")
    path = tmp_path / f"c.{ending}"
    path.write_bytes(head + b"\n".join(rows))
    read_captions.cache_clear()
    source = SourceSettings(name="t", format="folder", path=str(tmp_path), captions=path.name)
    try:
        shards = list_shards(source)
    except InputError:
        return
    found = [item for shard in shards for item in read_samples(shard, source)]
    listed = {name for shard in shards for name in shard.files}
    unusable = len(read_captions(StoragePath.of(path)).rejects)
    assert len(found) == len(listed) + unusable
    for item in found:
        item.key.encode("utf-8")
        assert isinstance(item, Reject | RawSample)


def test_read_folder_still_keeps_keys_apart(tmp_path: pathlib.Path) -> None:
    for name in ("a.jpg", "a.png"):
        write(tmp_path / name)
    assert set(read(tmp_path, caption="optional")) == {"a", "a_png"}
