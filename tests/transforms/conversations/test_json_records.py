"""Lists of records and JSON Lines: each record once, a bad one alone, and errors that name the file and the line."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from transforms.conversations import json_records
from transforms.conversations.json_records import MalformedRecord, read_json
from transforms.errors import InputError
from transforms.packing.inputs import list_inputs
from transforms.packing.sources import PackSource


def read(path: pathlib.Path, data: bytes, range_bytes: int = 1 << 20) -> dict[str, Any]:
    path.write_bytes(data)
    parts = list_inputs(PackSource(name="s", format="conversations", path=str(path)), range_bytes)
    items = [item for part in parts for item in read_json(part)]
    assert len({key for key, _ in items}) == len(items)
    return dict(items)


RECORDS: list[Any] = [
    {"text": "plain", "nested": [[{"a": [1, 2]}, "]}"], {}]},
    {"text": '图片 😀 " \\ \n ] } ,', "number": -1.5e-3},
    {"text": "long " * 400, "flags": [True, False, None]},
    [],
    "a string",
    12345678901234567890,
    {"surrogate": "\ud800"},
]


@pytest.fixture(params=[1, 7, 100, 1 << 20])
def small_buffers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place in a record is once where a buffer ends."""
    monkeypatch.setattr(json_records, "_BUFFER_BYTES", request.param)


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("escape", [True, False])
def test_a_list_is_read_record_by_record(
    tmp_path: pathlib.Path, encoding: str, indent: int | None, escape: bool
) -> None:
    records = RECORDS if escape else RECORDS[:-1]  # a surrogate has an escape only
    text = json.dumps(records, indent=indent, ensure_ascii=escape)
    found = read(tmp_path / "a.json", f" {text}\r\n ".encode(encoding))
    assert found == {f"{number:08d}": record for number, record in enumerate(records)}
    assert read(tmp_path / "a.json", "[ ]".encode(encoding)) == {}


DEEP = "[" * 200 + "]" * 200
DEEPER = '{"a":' * 5_000 + '"}]\\""' + "}" * 5_000


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize("bad", [DEEP, DEEPER, f"[{DEEP}, 1]", "[" + "9" * 5_000 + "]"])
def test_a_record_that_cannot_be_read_is_skipped(tmp_path: pathlib.Path, bad: str) -> None:
    one, two = {"text": "one"}, {"text": "two"}
    listed = f"[{json.dumps(one)}, {bad}, {json.dumps(two)}]"
    lines = f"{json.dumps(one)}\n{bad}\n{json.dumps(two)}"
    for name, data in (("a.json", listed), ("a.jsonl", lines)):
        first, skipped, last = read(tmp_path / name, data.encode()).values()
        assert (first, last) == (one, two)
        assert isinstance(skipped, MalformedRecord)
        assert ("digits" if "9" in bad else "nested more than 100 deep") in skipped.detail


def test_as_deep_as_is_allowed(tmp_path: pathlib.Path) -> None:
    for depth, fine in ((100, True), (101, False)):
        nested = "[" * depth + "]" * depth
        for name, data in (("a.json", f"[{nested}]"), ("a.jsonl", nested)):
            (found,) = read(tmp_path / name, data.encode()).values()
            assert isinstance(found, MalformedRecord) != fine


def test_bytes_that_are_no_utf8_spoil_one_record_of_a_list(tmp_path: pathlib.Path) -> None:
    first, second = read(tmp_path / "a.json", b'[{"text": "caf\xe9"}, {"text": "two"}]').values()
    assert first == {"text": "caf\udce9"}  # which the adapters reject
    assert second == {"text": "two"}


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"a": 1},\n {"a": 2}\n {"a": 3}]', "expected ',' or ']' after a record, line 3"),
        ('[{"a": 1},\n {"a" 2},' + " {},\n" * 100, "Expecting ':' delimiter, line 2"),
        ('[{"a": 1},\n\n {"a": "never ends', "Unterminated string starting at, line 3"),
        ('[{"a": 1},\n', "Expecting value, line 2"),
        ('[{"a": 1},\n]', "Expecting value, line 2"),
        ("[1]\n\n[2]", "there is more after the end of the list, line 3"),
        ("[" * 3_000 + "\n", "the list ends within a record, line 2"),
        ('{"a": 1}\n{"a": 2}', "must hold a list of records"),
        ("", "must hold a list of records"),
    ],
)
def test_a_list_that_breaks_off_is_an_error_with_its_line(tmp_path: pathlib.Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.json", text.encode())
    assert str(tmp_path / "a.json") in str(caught.value) and says in str(caught.value)


@pytest.mark.parametrize("range_bytes", [1, 2, 3, 50, 1 << 20])
def test_lines_of_every_dress(tmp_path: pathlib.Path, range_bytes: int) -> None:
    """A byte order mark, CRLF, blank lines, characters of three bytes cut by a range, no newline at the end."""
    records = [{"text": "图" * number} for number in range(9)]
    lines = [json.dumps(record, ensure_ascii=False).encode() for record in records]
    data = b"\xef\xbb\xbf" + b"\r\n".join([lines[0], b"", *lines[1:5], b" \t"]) + b"\n\n" + b"\n".join(lines[5:])
    found = read(tmp_path / "a.jsonl", data, range_bytes)
    assert list(found.values()) == records
    starts = {int(key): record for key, record in found.items()}
    assert all(data[start:].removeprefix(b"\xef\xbb\xbf").startswith(b'{"text"') for start in starts)
    assert read(tmp_path / "b.jsonl", b"\xef\xbb\xbf\r\n\n", range_bytes) == {}


def test_bad_lines_say_what_is_wrong(tmp_path: pathlib.Path) -> None:
    found = read(tmp_path / "a.jsonl", b'{"a": 1,}\n{"a": "\xe9"}\n[1]\n')
    assert list(found.values()) == [
        MalformedRecord("not JSON (Illegal trailing comma before end of object at character 7)")
        if "Illegal" in str(found["000000000000"])  # Python from 3.13 on
        else MalformedRecord("not JSON (Expecting property name enclosed in double quotes at character 8)"),
        MalformedRecord("byte 7 of the line is not UTF-8"),
        [1],
    ]
