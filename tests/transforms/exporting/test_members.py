"""Names that no two samples share and that every reader splits alike."""

from __future__ import annotations

import pathlib

import webdataset
from hypothesis import given
from hypothesis import strategies as st

from transforms.exporting.members import member_name
from transforms.exporting.tar_writer import TarStream

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.tuples(st.sampled_from(["a", "a_b", "_"]), texts, texts, st.integers(0, 3))


def test_ordinary_names_are_left_as_they_are() -> None:
    assert member_name("coyo", "part-00012", "000120034", 0) == "coyo/part-00012/000120034"
    assert member_name("coyo", "part-00012", "000120034", 1) == "coyo/part-00012/000120034~2"


def test_names_neither_climb_nor_hide_nor_end_early() -> None:
    assert member_name("a", "..", "../x.y", 0) == "a/%2E%2E/%2E%2E%2Fx%2Ey"
    assert member_name("a", "b", "__x", 0) == "a/b/%5F_x"
    assert member_name("a", "b", "x~2\n%", 0) == "a/b/x%7E2%0A%25"
    assert member_name("a", "b", "图", 0) == "a/b/%E5%9B%BE"


@given(first=names, second=names)
def test_different_samples_get_different_names(first: tuple, second: tuple) -> None:
    assert (member_name(*first) == member_name(*second)) == (first == second)


@given(keys=st.lists(texts, min_size=1, max_size=6, unique=True))
def test_webdataset_splits_them(keys: list[str], tmp_path_factory) -> None:
    path: pathlib.Path = tmp_path_factory.mktemp("members") / "x.tar"
    with path.open("wb") as stream:
        tar = TarStream(stream)
        for key in keys:
            tar.add(f"{member_name('a', 'b', key, 0)}.jpg", b"image")
            tar.add(f"{member_name('a', 'b', key, 0)}.txt", key.encode())
        tar.finish()
    found = list(webdataset.WebDataset(str(path), shardshuffle=False, empty_check=False))
    assert [(sample["__key__"], sample["jpg"], sample["txt"].decode()) for sample in found] == [
        (member_name("a", "b", key, 0), b"image", key) for key in keys
    ]
