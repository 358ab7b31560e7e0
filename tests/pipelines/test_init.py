"""init: the configuration that it writes is strict, commented key by key, and says what the input is."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from concept_vocab.word_list import parse_word_list
from pipelines.build_settings import BuildSettings
from pipelines.main import app
from transforms.configuration import load_settings
from transforms.errors import ConfigError, InputError


def init(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["init", *map(str, arguments)])
    if done.exception is not None:
        raise done.exception
    return done.output


def written(folder: pathlib.Path) -> BuildSettings:
    return load_settings(str(folder / "build.yaml"), BuildSettings)


def test_without_input_it_is_ready_to_be_filled_in(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "my corpus"
    said = init(folder)
    settings = written(folder)
    assert settings.output == str(folder / "run")
    assert settings.sources[0].path == str(folder / "data")
    assert settings.export.name == "my-corpus"
    vocabulary = parse_word_list(pathlib.Path(settings.vocabulary.path).read_text(), "concepts.txt")
    assert len(vocabulary) >= settings.retrieval.concepts_per_image
    assert f"evenweave build {folder}/build.yaml" in said.replace("\n", " ")


def test_every_key_says_why(tmp_path: pathlib.Path) -> None:
    """On its own line, or in the comment above the section."""
    init(tmp_path)
    before = ""
    for line in (tmp_path / "build.yaml").read_text().splitlines():
        if line and not line.startswith("#"):
            is_section = not line.startswith(" ")
            assert " # " in line or (is_section and (before.startswith("#") or line.endswith(":"))), line
        before = line


@pytest.mark.parametrize(
    ("name", "format"), [("a.tar", "webdataset"), ("b.parquet", "parquet"), ("c: 'é' #1.jpg", "folder")]
)
def test_the_format_is_told_from_the_files(name: str, format: str, tmp_path: pathlib.Path) -> None:
    data = tmp_path / 'da"ta: #1'
    data.mkdir()
    picture = {"img": pa.array([b"x"], pa.binary()), "text": ["a"], "n": [1]}
    if format == "parquet":
        pq.write_table(pa.table(picture), data / name)
    else:
        for number in range(8):
            (data / f"{number}{name}").write_bytes(b"x")
    init(tmp_path / "own", "--input", data)
    settings = written(tmp_path / "own")
    source = settings.sources[0]
    assert (source.format, source.path) == (format, str(data))
    if format == "parquet":
        assert (source.image_column, source.caption_column, source.key_column) == ("img", "text", None)
    if format == "folder":
        assert settings.balance.size == 2  # a quarter


def test_a_relative_input_is_found_from_anywhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.tar").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    init("own", "--input", "a.tar")
    assert yaml.safe_load((tmp_path / "own" / "build.yaml").read_text())["sources"][0]["path"] == str(
        tmp_path / "a.tar"
    )


@pytest.mark.parametrize("name", ["build.yaml", "concepts.txt"])
def test_nothing_is_overwritten(name: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigError, match=f"{name} is there already"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_input_without_anything_to_read_writes_nothing(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="nothing to read at"):
        init(tmp_path / "own", "--input", tmp_path)
    assert not (tmp_path / "own").exists()
