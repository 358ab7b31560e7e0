"""Folders of images: keys, captions from a file for all and from files beside, and bad input."""

from __future__ import annotations

import pathlib

import pytest

from transforms.errors import InputError
from transforms.reading.listing import list_shards
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject


def read(folder: pathlib.Path, **settings: object) -> dict[str, str | None]:
    """Key → caption of a sample, or reason of a reject."""
    source = SourceSettings.model_validate({"name": "test", "format": "folder", "path": str(folder), **settings})
    found = [item for shard in list_shards(source) for item in read_samples(shard, source)]
    assert len({item.key for item in found}) == len(found)
    return {item.key: str(item.reason) if isinstance(item, Reject) else item.caption for item in found}


def write(path: pathlib.Path, data: bytes = b"image") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_keys_are_paths_without_dots(tmp_path: pathlib.Path) -> None:
    for name in ("a.jpg", "a.png", "v1.0/IMG.2020.JPEG", "b.webp", "c.gif"):
        write(tmp_path / name)
    assert set(read(tmp_path, caption="optional")) == {"a", "a_png", "v1.0/IMG_2020", "b"}


def test_the_key_as_it_was_is_kept(tmp_path: pathlib.Path) -> None:
    for name in ("a.jpg", "a.png", "v1.0/IMG.2020.JPEG"):
        write(tmp_path / name)
    source = SourceSettings(name="test", format="folder", path=str(tmp_path), caption="optional")
    found = [item for item in read_samples(list_shards(source)[0], source) if isinstance(item, RawSample)]
    assert {item.key: item.source_key for item in found} == {
        "a": None,
        "a_png": "a.png",
        "v1.0/IMG_2020": "v1.0/IMG.2020",
    }


def test_the_same_key_twice_even_with_its_ending_is_a_duplicate(tmp_path: pathlib.Path) -> None:
    for name in ("a.b.jpg", "a.b_jpg.png", "a_b.jpg"):
        write(tmp_path / name)
    source = SourceSettings(name="test", format="folder", path=str(tmp_path), caption="optional")
    found = list(read_samples(list_shards(source)[0], source))
    assert [type(item) for item in found] == [RawSample, RawSample, Reject]


def test_captions_beside_the_images(tmp_path: pathlib.Path) -> None:
    for name, data in (("a.jpg", b"x"), ("a.txt", b"a caption\n"), ("b.jpg", b"x"), ("c.jpg", b""), ("c.txt", b"c")):
        write(tmp_path / name, data)
    assert read(tmp_path) == {"a": "a caption\n", "b": "missing_caption", "c": "empty_image"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.csv", 'file,caption\nd/a.jpg,"one, two"\nb.jpg,\xff\ngone.jpg,text\n../up.jpg,text\n'),
        ("c.tsv", "image\ttext\nd/a.jpg\tone, two\nb.jpg\t\xff\ngone.jpg\ttext\n../up.jpg\ttext\n"),
        (
            "c.jsonl",
            '{"file_name": "./d/a.jpg", "caption": "one, two"}\n\n{"file_name": "b.jpg", "text": "\xff"}\n'
            '{"file_name": "gone.jpg", "text": "text"}\n{"file_name": "../up.jpg", "text": "text"}\n',
        ),
    ],
)
def test_captions_from_one_file(tmp_path: pathlib.Path, name: str, text: str) -> None:
    for image in ("d/a.jpg", "b.jpg", "unlisted.jpg"):
        write(tmp_path / image)
    write(tmp_path / name, text.encode("latin-1"))
    write(tmp_path.parent / "up.jpg")
    assert read(tmp_path, captions=name) == {
        "d/a": "one, two",
        "b": "undecodable_caption",
        "gone": "missing_image",
        "../up": "unsafe_member_name",
        "unlisted": "missing_caption",
    }
    assert read(tmp_path, captions=str(tmp_path / name))["d/a"] == "one, two"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("absent.csv", None, "no caption file at"),
        ("c.csv", "name,caption\na,b\n", "needs one of the columns file, file_name, image; has name, caption"),
        ("c.csv", "", "has none"),
        ("c.jsonl", '{"file": "a.jpg"}\n', "line 1 needs one of the columns caption, text"),
        ("c.jsonl", "{}\n{", "line 1"),
        ("c.jsonl", "[]", "line 1 must be a JSON object, found list"),
        ("c.jsonl", "{", "line 1 is not JSON"),
    ],
)
def test_a_caption_file_that_cannot_be_used(tmp_path: pathlib.Path, name: str, text: str | None, said: str) -> None:
    write(tmp_path / "a.jpg")
    if text is not None:
        write(tmp_path / name, text.encode())
    with pytest.raises(InputError, match=said):
        read(tmp_path, captions=name)
