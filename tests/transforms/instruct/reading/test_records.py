"""Records come out of every format alike, in order, each with its own key; damage is a reject or names the file."""

from __future__ import annotations

import json
import pathlib
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.instruct.small_sets import asked, picture, source, write_lines, write_parquet, write_tar
from transforms.errors import InputError
from transforms.instruct.reading import parquet
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.reading.records import read_part
from transforms.instruct.rows import Medium
from transforms.rejects import Reason, Reject


def read(path: pathlib.Path, range_bytes: int = 1 << 20) -> list[object]:
    return [item for part in list_parts(source(path), range_bytes) for item in read_part(part)]


@pytest.mark.parametrize("range_bytes", [1, 30, 1 << 20])
def test_lines_of_json_in_ranges_of_any_size(tmp_path: pathlib.Path, range_bytes: int) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"n": n} for n in range(9)])
    assert [item[1] for item in read(path, range_bytes)] == [{"n": n} for n in range(9)]


def test_a_bad_record_is_one_reject(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"n": 1}\n{broken\n[1]\n{"n": 2}\n')
    found = read(path)
    assert [item.reason for item in found if isinstance(item, Reject)] == [Reason.MALFORMED_RECORD] * 2
    assert [item[1] for item in found if not isinstance(item, Reject)] == [{"n": 1}, {"n": 2}]


def test_parquet_gives_plain_values_and_bytes(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 2)
    data = picture()
    rows = [
        {"id": str(n), "images": [{"bytes": data, "path": f"{n}.jpg"}], "conversations": asked("<image>?", str(n))}
        for n in range(5)
    ]
    found = read(write_parquet(tmp_path / "a.parquet", rows))
    assert found == [(f"{n:09d}", {**row, "data_source": None}) for n, row in enumerate(rows)]


def test_text_that_is_not_utf8_spoils_its_row_alone(tmp_path: pathlib.Path) -> None:
    texts = pa.array([b"a", b"\xff", b"c"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"question": texts}), tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert [found[0][1], found[2][1]] == [{"question": "a"}, {"question": "c"}]
    assert found[1].reason is Reason.MALFORMED_RECORD and "not UTF-8" in found[1].detail


def test_bad_parquet_is_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more PAR1")
    with pytest.raises(InputError, match=r"a\.parquet is no Parquet file"):
        read(tmp_path / "a.parquet")
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(twice, tmp_path / "b.parquet")
    with pytest.raises(InputError, match="two columns of the name a"):
        read(tmp_path / "b.parquet")


def test_samples_of_a_tar_are_records_with_their_media(tmp_path: pathlib.Path) -> None:
    one, two = picture(colour="red"), picture(colour="blue")
    path = write_tar(
        tmp_path / "a.tar",
        {
            "x/0.json": json.dumps({"messages": [], "n": 1}).encode(),
            "x/0.0.jpg": one,
            "x/0.1.jpg": two,
            "1.jpg": one,
            "1.txt": "图".encode(),
            "2.json": json.dumps(asked("a", "b")).encode(),
            "3.0.jpg": one,
            "3.1.jpg": two,
            "3.json": json.dumps({"images": ["1.jpg", "0.jpg"]}).encode(),
            "4.json": b"[1]",
            "5.mp4": b"no video",
        },
    )
    found = dict(item for item in read(path) if not isinstance(item, Reject))
    assert list(found) == ["x/0", "1", "2", "3", "5"]
    assert {key: found["x/0"][key] for key in ("messages", "n")} == {"messages": [], "n": 1}
    assert [(m.member, m.data) for m in found["x/0"]["images"]] == [("x/0.0.jpg", one), ("x/0.1.jpg", two)]
    medium = found["1"]["images"][0]
    assert path.read_bytes()[medium.offset : medium.offset + medium.size_bytes] == one
    assert found["1"]["caption"] == "图" and found["2"] == {"conversations": asked("a", "b")}
    assert [m.member for m in found["3"]["images"]] == ["3.1.jpg", "3.0.jpg"]
    assert isinstance(found["5"]["videos"][0], Medium)
    (reject,) = (item for item in read(path) if isinstance(item, Reject))
    assert (reject.key, reject.reason) == ("4", Reason.MALFORMED_RECORD)


def test_samples_that_are_not_to_be_had_and_what_is_no_tar(tmp_path: pathlib.Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"0.json": b"{}", "1.json": b"{}", "../2.json": b"{}", "x/0.json": b"{}"})
    with tarfile.open(path, "a") as tar:
        tar.addfile(tarfile.TarInfo("0.json"))
        link = tarfile.TarInfo("3.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "elsewhere"
        tar.addfile(link)
    found = read(path)
    assert [item[0] for item in found if not isinstance(item, Reject)] == ["0", "1", "x/0"]
    assert [item.reason for item in found if isinstance(item, Reject)] == [
        Reason.UNSAFE_MEMBER_NAME, Reason.DUPLICATE_KEY, Reason.NOT_REGULAR_FILE,
    ]  # fmt: skip
    (tmp_path / "b.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(InputError, match=r"b\.tar is no tar"):
        read(tmp_path / "b.tar")


def test_a_cut_tar_ends_in_a_reject(tmp_path: pathlib.Path) -> None:
    path = write_tar(tmp_path / "a.tar", {f"{n}.json": b'{"n": 1}' for n in range(3)})
    path.write_bytes(path.read_bytes()[:2600])
    found = read(path)
    assert [type(item) for item in found] == [tuple, tuple, Reject]
    assert found[-1].reason is Reason.TRUNCATED_SHARD


def test_nothing_to_read_and_two_of_one_name(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="nothing to read"):
        list_parts(source(tmp_path))
    for folder in ("a", "b"):
        write_lines(tmp_path / folder / "x.jsonl", [{}])
    with pytest.raises(InputError, match="would both be called x"):
        list_parts(source(tmp_path))
    with pytest.raises(InputError, match="no folder of media"):
        list_parts(source(tmp_path / "a", media=str(tmp_path / "none")))
