"""evenweave vocabulary build, describe and search: the same bytes whenever and in whatever order, and clear faults."""

from __future__ import annotations

import gzip
import io
import json
import pathlib
from typing import Any

import pyarrow as pa
import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from pipelines import build_vocabulary
from pipelines.engine.choice import choose_engine
from pipelines.main import app
from pipelines.vocabulary_build_settings import VocabularyBuildSettings
from tests.concept_vocab.wikipedia.tiny_dump import cut_anywhere, multistream, page, write
from tests.concept_vocab.wordnet import tiny_lmf, tiny_wordnet
from transforms.configuration import validate
from transforms.errors import ConfigError, EvenweaveError, InputError, RunFolderError
from transforms.storage import StoragePath
from transforms.vocabularies.describing import search
from transforms.vocabularies.files import read_about, read_vocabulary

TINY = pathlib.Path(__file__).parents[2] / "configs" / "encoder" / "tiny"
TEXTS = ["The red fox ran. Foxes and a red fox.", "In Hong Kong the Red Fox.", "Hong Kong dogs: a red dog."] * 3
PAGES = [page(f"Page {number}", text) for number, text in enumerate(TEXTS)]


def inputs(folder: pathlib.Path) -> list[dict[str, Any]]:
    """Sources that need no parser of wikitext."""
    for hour in range(3):
        text = "".join(f"en {title} {60 + hour} 0\n" for title in ("Red_fox", "Rialto_Bridge", "Main_Page"))
        write(folder / "views" / f"pageviews-{hour}.gz", gzip.compress(text.encode(), mtime=0))
    write(folder / "mine.csv", b"text,type\nhen,entity\n")
    return [
        {"name": "wordnet", "kind": "wordnet", "path": str(tiny_wordnet.write(folder / "wordnet"))},
        {"name": "titles", "kind": "page_views", "path": str(folder / "views")},
        {"name": "mine", "kind": "table", "path": str(folder / "mine.csv")},
    ]


def dump(folder: pathlib.Path, data: bytes) -> dict[str, Any]:
    pytest.importorskip("mwparserfromhell")
    path = str(write(folder / "dump.xml.bz2", data))
    return {"name": "wiki", "kind": "wikipedia", "path": path, "unigrams": {"minimum": 2}, "bigrams": {"minimum": 3}}


def chinese_inputs(folder: pathlib.Path) -> list[dict[str, Any]]:
    """A dump, a part of jieba's dictionary and language links, in both scripts."""
    texts = ["他在北京的清華大學。赤狐跑。", "北京清华大学，赤狐。", "頭髮和头发。"] * 2
    dumped = multistream([page(f"頁 {number}", text) for number, text in enumerate(texts)])
    write(folder / "dict.txt", "北京 900 ns\n的 3000 uj\n头发 20 n\n跑 7 v\n骗到 3 v\n".encode())
    for number, title in enumerate(("赤狐", "頭髮", "清華大學")):
        rows = ",".join(f"({number},'{language}','{title}')" for language in ("de", "fr", "zh"))
        text = f"CREATE TABLE `langlinks` (\nINSERT INTO `langlinks` VALUES {rows};\n-- Dump completed on 2024-05-01\n"
        write(folder / "links" / f"{number}.sql.gz", gzip.compress(text.encode(), mtime=0))
    wiki = {"name": "wiki", "kind": "wikipedia", "path": str(write(folder / "zh.xml.bz2", dumped))}
    return [
        {"name": "jieba", "kind": "jieba", "path": str(folder / "dict.txt")},
        {**wiki, "unigrams": {"minimum": 2}, "bigrams": {"minimum": 2}},
        {"name": "links", "kind": "langlinks", "path": str(folder / "links")},
    ]


def run(output: pathlib.Path, sources: list[dict[str, Any]], workers: int = 1, **settings: Any) -> str:
    values = {"output": str(output), "sources": sources, "runner": {"workers": workers}, **settings}
    job = validate(values, VocabularyBuildSettings, "a test")
    console = Console(file=io.StringIO(), width=200)
    build_vocabulary.run(job, choose_engine(job.runner), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def content(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_vocabulary_says_where_it_is_from(tmp_path: pathlib.Path) -> None:
    assert "→" in run(tmp_path / "out", inputs(tmp_path))
    vocabulary = read_vocabulary(StoragePath.of(tmp_path / "out"))
    assert {"hen", "rialto bridge", "red fox", "ice bear"} <= set(vocabulary.concepts["form"].to_pylist())
    about = vocabulary.about
    assert about["concepts"] == len(vocabulary) == sum(about["new_concepts"].values())
    titles = about["sources"][1]
    assert "CC0" in titles["licence"] and [file["name"] for file in titles["files"]] == [
        f"pageviews-{hour}.gz" for hour in range(3)
    ]
    assert titles["settings"]["titles"]["views"] == 70 and len(titles["files"][0]["sha256"]) == 64
    assert str(tmp_path) not in json.dumps(about)  # the same whatever folder it was made of


@pytest.mark.slow
def test_the_same_bytes_again_elsewhere_and_with_other_workers(tmp_path: pathlib.Path) -> None:
    first = inputs(tmp_path / "a")
    run(tmp_path / "out", first)
    other = inputs(tmp_path / "b")
    views = sorted((tmp_path / "b" / "views").iterdir(), reverse=True)
    other[1]["path"] = [str(path) for path in views]
    run(tmp_path / "again", other, workers=2)
    assert content(tmp_path / "out") == content(tmp_path / "again")


@pytest.mark.slow
def test_a_dump_is_the_same_in_whatever_parts(tmp_path: pathlib.Path) -> None:
    sources = [*inputs(tmp_path)[:1], dump(tmp_path, multistream(PAGES))]
    run(tmp_path / "out", sources)
    run(tmp_path / "parts", sources, workers=2, part_bytes=1024)
    assert content(tmp_path / "out") == content(tmp_path / "parts")
    names = read_vocabulary(StoragePath.of(tmp_path / "out")).concepts["name"].to_pylist()
    assert {"Hong Kong", "red fox"} <= set(names)
    again = dump(tmp_path, cut_anywhere(PAGES, 100))
    run(tmp_path / "other", [sources[0], again], part_bytes=1024)
    tables = [content(tmp_path / one)["concepts.parquet"] for one in ("out", "other")]
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_chinese_in_both_scripts(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("mwparserfromhell")
    sources = chinese_inputs(tmp_path / "a")
    run(tmp_path / "out", sources, language="zh")
    other = chinese_inputs(tmp_path / "b")
    other[2]["path"] = [str(path) for path in sorted((tmp_path / "b" / "links").iterdir(), reverse=True)]
    run(tmp_path / "again", other, workers=2, language="zh", part_bytes=1024)
    assert content(tmp_path / "out") == content(tmp_path / "again")
    vocabulary = read_vocabulary(StoragePath.of(tmp_path / "out"))
    concepts = {row["name"]: row for row in vocabulary.concepts.to_pylist()}
    assert {"北京", "赤狐", "头发", "清华大学", "北京清华大学"} <= concepts.keys()
    assert concepts["头发"]["sources"] == ["jieba", "wiki_unigrams", "links"]
    assert (concepts["跑"]["type"], concepts["跑"]["type_confidence"]) == ("action", None)
    assert (concepts["北京"]["marks"], concepts["骗到"]["marks"]) == (["name"], [])
    assert concepts["和头发"]["marks"] == ["fragment"]
    blocked = [(row["text"], row["reason"]) for row in vocabulary.blocked.to_pylist()]
    assert ("的", "closed class") in blocked
    spelt = {(row["text"], row["source"]) for row in vocabulary.surface_forms.to_pylist()}
    assert {("頭髮", "links"), ("头发", "jieba"), ("北京清華大學", "opencc")} <= spelt
    assert ("頭髮", "script") in {(row["form"], row["reason"]) for row in vocabulary.aliases.to_pylist()}
    assert [hit.name for hit in search(vocabulary, "頭髮", 1)] == ["头发"]


@pytest.mark.slow
def test_two_languages_in_one(tmp_path: pathlib.Path) -> None:
    english = inputs(tmp_path)
    chinese = [{**source, "language": "zh"} for source in chinese_inputs(tmp_path)[::2]]
    run(tmp_path / "both", [chinese[0], *english, chinese[1]])
    run(tmp_path / "english", english)
    run(tmp_path / "chinese", [{**source, "language": None} for source in chinese], language="zh")
    both, *apart = (read_vocabulary(StoragePath.of(tmp_path / one)) for one in ("both", "english", "chinese"))
    assert both.concepts["row"].to_pylist() == list(range(len(both)))
    kept = ["uid", "form", "name", "language", "source", "type", "marks", "group"]
    assert both.concepts.select(kept) == pa.concat_tables([one.concepts.select(kept) for one in apart])
    names = dict(zip(both.concepts["row"].to_pylist(), both.concepts["form"].to_pylist(), strict=True))
    spelt = {(names[row["row"]], row["text"]) for row in both.surface_forms.to_pylist()}
    assert {("头发", "頭髮"), ("rialto bridge", "Rialto Bridge")} <= spelt
    assert both.about["languages"] == ["en", "zh"] and list(both.about["type_accuracy"]) == ["en"]
    assert [search(both, query, 1)[0].name for query in ("清華", "ice")] == ["清华大学", "ice bear"]
    with pytest.raises(InputError, match="the cap leaves no room for language zh"):
        run(tmp_path / "out", [*english, *chinese], cap=3)


def test_a_wordnet_in_xml_gives_the_same_concepts(tmp_path: pathlib.Path) -> None:
    dictionary = inputs(tmp_path)[:1]
    xml = {"name": "wordnet", "kind": "wordnet_lmf", "path": str(tmp_path / "xml")}
    tiny_lmf.write(tmp_path / "xml" / "english-wordnet-2024.xml.gz", tiny_wordnet.tiny())
    write(tmp_path / "xml" / "cntlist.rev", tiny_wordnet.COUNTS.encode())
    run(tmp_path / "out", dictionary)
    run(tmp_path / "again", [xml])
    found = [read_vocabulary(StoragePath.of(tmp_path / one)).concepts for one in ("out", "again")]
    taken = ["uid", "name", "type", "type_method", "marks"]
    assert found[0].select(taken) == found[1].select(taken)


@pytest.mark.slow
def test_an_encoder_groups_and_is_asked_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = inputs(tmp_path)
    grouping = {"encoder": {"model": str(TINY)}}
    run(tmp_path / "out", sources, grouping=grouping)
    expected = content(tmp_path / "out")
    groups = read_vocabulary(StoragePath.of(tmp_path / "out")).concepts["group"].to_pylist()
    assert len(set(groups)) == read_about(StoragePath.of(tmp_path / "out"))["groups"]
    (tmp_path / "out" / "vocabulary.json").unlink()
    monkeypatch.setattr("transforms.vocabularies.beam.EmbedNames", None)
    run(tmp_path / "out", sources, grouping=grouping)
    assert content(tmp_path / "out") == expected
    (vectors,) = (tmp_path / "out" / "embeddings").rglob("*.npy")
    vectors.write_bytes(vectors.read_bytes()[:-1])
    (tmp_path / "out" / "vocabulary.json").unlink()
    with pytest.raises(RunFolderError, match="is damaged"):
        run(tmp_path / "out", sources, grouping=grouping)


def test_what_is_built_is_not_built_again_and_not_overwritten(tmp_path: pathlib.Path) -> None:
    sources = inputs(tmp_path)
    run(tmp_path / "out", sources)
    before = content(tmp_path / "out")
    assert "is built already" in run(tmp_path / "out", sources)
    with pytest.raises(RunFolderError, match="of other settings or inputs"):
        run(tmp_path / "out", sources, cap=5)
    write(tmp_path / "mine.csv", b"text\nduck\n")
    with pytest.raises(RunFolderError, match="of other settings or inputs"):
        run(tmp_path / "out", sources)
    assert content(tmp_path / "out") == before


def test_counts_are_gone_on_with(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = inputs(tmp_path)
    run(tmp_path / "out", sources)
    expected = content(tmp_path / "out")
    (tmp_path / "out" / "vocabulary.json").unlink()
    monkeypatch.setattr("transforms.vocabularies.beam.CountParts", None)
    run(tmp_path / "out", sources)
    assert content(tmp_path / "out") == expected


def test_block_lists_types_and_caps(tmp_path: pathlib.Path) -> None:
    blocked = write(tmp_path / "blocked.txt", b"# not wanted\nHEN\n")
    run(tmp_path / "out", inputs(tmp_path), block_lists=[str(blocked)], blocked_types=["abstract"], cap=15)
    vocabulary = read_vocabulary(StoragePath.of(tmp_path / "out"))
    assert "hen" not in vocabulary.concepts["form"].to_pylist()
    reasons = set(vocabulary.blocked["reason"].to_pylist())
    assert reasons == {"block list", "type abstract"}
    assert vocabulary.about["over_cap"]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"kind": "list", "path": "empty.txt"}, InputError, r"source x: empty\.txt holds no concept"),
        ({"kind": "list", "path": "missing.txt"}, ConfigError, "source x: there is nothing at"),
        (
            {"kind": "wordnet", "path": "missing"},
            ConfigError,
            "nothing at .*missing. Debian's package wordnet-base puts",
        ),
        (
            {"kind": "page_views", "path": "other.gz"},
            InputError,
            r"source x: other\.gz is no file of hourly page views",
        ),
        (
            {"kind": "page_views", "path": "german.gz"},
            InputError,
            r"source x: no title of project 'en' is seen 70 times.* \(titles\.project\)",
        ),
        ({"kind": "wikipedia", "path": "cut.bz2"}, InputError, r"source x: cut\.bz2 is cut short"),
        ({"kind": "wikipedia", "path": "cut.bz2", "language": "th"}, InputError, "th is written without spaces"),
        ({"kind": "langlinks", "path": "empty.txt"}, InputError, r"empty\.txt is no SQL dump of the table langlinks"),
        ({"kind": "wordnet", "path": "empty.txt"}, InputError, r"source x: holds no cntlist\.rev"),
    ],
)
def test_faults(
    change: dict[str, str],
    error: type[EvenweaveError],
    says: str,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if change["kind"] == "wikipedia":
        pytest.importorskip("mwparserfromhell")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "empty.txt", b"# none\n")
    write(tmp_path / "other.gz", gzip.compress(b"en.wikipedia Albedo 39 desktop 4 A2B2\n"))
    write(tmp_path / "german.gz", gzip.compress(b"de Albedo 90 0\n"))
    write(tmp_path / "cut.bz2", multistream(PAGES)[:-20])
    with pytest.raises(error, match=says):
        source = {key: value for key, value in change.items() if key != "language"}
        run(tmp_path / "out", [{"name": "x", **source}], language=change.get("language", "en"))
    assert not (tmp_path / "out" / "vocabulary.json").exists()


def test_sources_of_one_name_or_two_wordnets(tmp_path: pathlib.Path) -> None:
    sources = inputs(tmp_path)
    with pytest.raises(ConfigError, match="two sources are called 'mine'"):
        run(tmp_path / "out", [*sources, sources[-1]])
    with pytest.raises(ConfigError, match="two sources of one language are WordNets"):
        run(tmp_path / "out", [*sources, {**sources[0], "name": "other"}])


def test_the_command_line(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    config = {"output": "unused", "sources": inputs(tmp_path)[::2]}
    write(tmp_path / "a.yaml", yaml.safe_dump(config).encode())

    def asked(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["vocabulary", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    out = str(tmp_path / "out")
    assert "concepts →" in asked("build", str(tmp_path / "a.yaml"), "--output", out)
    described = asked("describe", out)
    for said in ("WordNet license", "wordnet", "entity", "plural", "likely typo"):
        assert said in described
    assert "ice bear" in asked("search", out, "Ice Bear")
    assert "no concept is spelt with 'zebra'" in asked("search", out, "zebra")
    assert read_about(StoragePath.of(out))["languages"] == ["en"]


def test_the_difference_of_two(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    sources = inputs(tmp_path)
    run(tmp_path / "first", sources[:2])
    run(tmp_path / "second", sources[::2])

    def asked(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["vocabulary", "diff", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    folders = [str(tmp_path / one) for one in ("first", "second")]
    printed = [line.split() for line in asked(*folders).splitlines()]
    assert ["added", "1", "hen"] in printed and [
        "removed",
        "3",
        "Main",
        "Page,",
        "Red",
        "fox,",
        "Rialto",
        "Bridge",
    ] in printed
    told = json.loads(asked(*folders, "--json"))
    assert [one["name"] for one in told["added"]] == ["hen"] and not told["merged"]
    assert json.loads(asked(folders[0], folders[0], "--json"))["same"] == told["concepts"][0]
    with pytest.raises(InputError, match="is no vocabulary"):
        asked(folders[0], str(tmp_path))


def test_the_stage_of_a_build_is_still_asked_for_by_its_configuration(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file at"):
        CliRunner().invoke(app, ["vocabulary", str(tmp_path / "none.yaml")], catch_exceptions=False)
