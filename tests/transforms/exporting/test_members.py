"""Names that no two samples share and that every reader splits alike."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pyarrow as pa
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from transforms.exporting.members import concept_openings, describe, member_names
from transforms.tar.columns import TEXT
from transforms.tar.writer import TarStream

captions = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.tuples(st.sampled_from(["a", "a_b", "_"]), texts, texts, st.integers(0, 3))


def written(record: dict) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def member_name(source: str, shard: str, key: str, copy: int) -> str:
    columns = (pa.array([text], TEXT) for text in (source, shard, key))
    return member_names(*columns, pa.array([copy], pa.int32()))[0].as_py()


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


@given(
    caption=captions,
    key=texts,
    name=texts,
    lang=st.sampled_from(["en", "", None]),
    scores=st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    copies=st.integers(1, 3),
    source_key=st.one_of(st.none(), texts),
    source_record=st.one_of(st.none(), st.dictionaries(texts, st.one_of(texts, st.none(), st.integers()), max_size=3)),
)
def test_the_record_is_what_json_makes_of_it(
    caption: str | None,
    key: str,
    name: str,
    lang: str | None,
    scores: list[float],
    copies: int,
    source_key: str | None,
    source_record: dict | None,
) -> None:
    stored = np.array(scores, np.float16)
    columns = {
        "key": [key],
        "source": ["coyo"],
        "shard": ["00001"],
        "width": [512],
        "height": [384],
        "inclusion_probability": [1 / 3],
        "caption": pa.array([caption], pa.string()),
        "lang": pa.array([lang], pa.string()),
        "format": ["jpg"],
        "copy": [0],
        "concept_ids": pa.FixedSizeListArray.from_arrays(pa.array([7, 0, -1], pa.int32()), 3),
        "concept_scores": pa.FixedSizeListArray.from_arrays(pa.array(stored), 3),
        "source_key": pa.array([source_key], pa.string()),
        "source_record": pa.array([None if source_record is None else written(source_record)], pa.large_string()),
    }
    table = pa.table(columns)
    some = describe(pa.concat_tables([table] * copies), concept_openings(pa.array(["a", *"bcdefg", name])))
    rounded = np.round(stored.astype(np.float64), 4).tolist()
    record = {
        "key": key,
        "source": "coyo",
        "shard": "00001",
        "width": 512,
        "height": 384,
        "concepts": [{"id": 7, "name": name, "score": rounded[0]}, {"id": 0, "name": "a", "score": rounded[1]}],
        "inclusion_probability": 1 / 3,
        "captions": {lang or "und": caption} if caption else {},
    }
    if source_key is not None:
        record["source_key"] = source_key
    if source_record is not None:
        record["source_record"] = source_record
    assert some.json.to_pylist() == [written(record)] * copies
    assert some.caption.to_pylist() == [caption or None] * copies
