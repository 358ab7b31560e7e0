"""Captions in one file: CSV, TSV and JSON Lines; a row that cannot be used is a reject by its line."""

from __future__ import annotations

import pathlib

import pytest

from transforms.errors import InputError
from transforms.reading.captions import captions_path, read_captions
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

MOST_CHARACTERS = 16 * 2**20


def captions_of(folder: pathlib.Path, name: str, text: str) -> tuple[dict[str, str], list[Reject]]:
    (folder / name).write_text(text, newline="")
    captions = read_captions(StoragePath.of(folder) / name)
    return dict(captions.by_name), list(captions.rejects)


def test_where_the_file_lies(tmp_path: pathlib.Path) -> None:
    """A name is one in the folder; what begins at a root, a home or a scheme is a place of its own."""
    folder = StoragePath.of(tmp_path)
    assert captions_path("sub/c.csv", folder) == folder / "sub/c.csv"
    assert captions_path("/elsewhere/c.csv", folder) == StoragePath.of("/elsewhere/c.csv")
    assert captions_path("~/c.csv", folder) == StoragePath.of("~/c.csv") != folder / "~/c.csv"
    assert captions_path("file:///elsewhere/c.csv", folder) == StoragePath.of("/elsewhere/c.csv")


def test_line_ends_within_a_caption_stay(tmp_path: pathlib.Path) -> None:
    text = 'file,caption\r\na.jpg,"one\r\ntwo\nthree"\r\nb.jpg,four\r\n'
    assert captions_of(tmp_path, "c.csv", text) == ({"a.jpg": "one\r\ntwo\nthree", "b.jpg": "four"}, [])


@pytest.mark.parametrize("name", ["c.csv", "c.jsonl"])
def test_lines_may_end_as_old_macs_ended_them(tmp_path: pathlib.Path, name: str) -> None:
    lines = ["file,caption", "a.jpg,one", "b.jpg,two"]
    if name == "c.jsonl":
        lines = ['{"file": "a.jpg", "caption": "one"}', '{"file": "b.jpg", "caption": "two"}']
    assert captions_of(tmp_path, name, "\r".join(lines)) == ({"a.jpg": "one", "b.jpg": "two"}, [])


def test_the_line_is_that_at_which_the_row_begins(tmp_path: pathlib.Path) -> None:
    _, rejects = captions_of(tmp_path, "c.csv", 'file,caption\na.jpg,"1\n2"\n,nameless\nb.jpg,fine\n,again\n')
    assert [(reject.key, reject.detail.split(" names")[0]) for reject in rejects] == [
        ("c.csv:4", "line 4"),
        ("c.csv:6", "line 6"),
    ]
    _, rejects = captions_of(tmp_path, "c.jsonl", '\n{"file": "a.jpg", "text": "x"}\n\n{"file": "", "text": "x"}\n')
    assert [reject.key for reject in rejects] == ["c.jsonl:4"]


@pytest.mark.parametrize("caption", ['{"en": "x"}', '["x"]'])
def test_what_is_no_text_is_no_caption(tmp_path: pathlib.Path, caption: str) -> None:
    text = (
        f'{{"file": "a.jpg", "caption": {caption}}}\n{{"file": "b.jpg", "caption": null}}\n{{"file": "c", "text": 5}}'
    )
    captions, (reject,) = captions_of(tmp_path, "c.jsonl", text)
    assert captions == {"b.jpg": "", "c": "5"}
    assert (reject.key, reject.reason) == ("c.jsonl:1", Reason.MALFORMED_RECORD)


@pytest.mark.parametrize("name, row", [("c.csv", "{},{}\n"), ("c.jsonl", '{{"file": "{}", "caption": "{}"}}\n')])
def test_a_caption_may_be_as_long_as_one_in_a_tar(tmp_path: pathlib.Path, name: str, row: str) -> None:
    text = "file,caption\n" if name.endswith(".csv") else ""
    text += row.format("a", "x" * MOST_CHARACTERS) + row.format("b", "x" * (MOST_CHARACTERS + 1)) + row.format("c", "x")
    captions, rejects = captions_of(tmp_path, name, text)
    assert {key: len(caption) for key, caption in captions.items()} == {"a": MOST_CHARACTERS, "c": 1}
    assert len(rejects) == 1


def test_of_several_captions_the_first_counts(tmp_path: pathlib.Path) -> None:
    assert captions_of(tmp_path, "c.tsv", "image\ttext\n./a.jpg\tone\na.jpg\ttwo\n") == ({"a.jpg": "one"}, [])


def test_a_file_without_a_row_that_can_be_used(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"c\.jsonl, line 1 is not JSON.*nor can any other row be used"):
        captions_of(tmp_path, "c.jsonl", "{\n[]\n")
