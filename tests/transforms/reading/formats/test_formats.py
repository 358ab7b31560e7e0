"""The registry: every format that settings name is whole, and nobody else asks which format it is."""

from __future__ import annotations

import ast
import dataclasses
import pathlib
from typing import get_args

import pytest

from transforms.reading.formats import FORMATS, Format
from transforms.reading.settings import FormatName, SourceSettings

#: What must be stated of each.
NEEDED = [field.name for field in dataclasses.fields(Format) if field.default is dataclasses.MISSING]

ROOT = pathlib.Path(__file__).parents[4]

#: Where the name of a format may stand: its settings, the registry, its own module and what asks for one by choice.
_MAY_NAME = {
    "transforms/reading/settings.py",
    "transforms/reading/formats/__init__.py",
    "transforms/exporting/card.py",  # a tag of Hugging Face's
    "transforms/exporting/croissant.py",  # a set of records, as mixtures call theirs too
    "pipelines/init.py",  # what is written where nothing is named
    "pipelines/train_tiny.py",
}


#: Where the same words are names of other things: forms of records and of packs, and a field of requests.
_OTHER_WORDS = (
    "transforms/instruct/", "transforms/miniature/instruct/", "transforms/packing/", "pipelines/engine/",
    "pipelines/instruct/",
)  # fmt: skip


def test_every_format_of_the_settings_is_registered() -> None:
    assert tuple(FORMATS) == get_args(FormatName)
    assert len({id(kind) for kind in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("name", NEEDED)
def test_a_format_that_is_not_whole_cannot_be_declared(name: str) -> None:
    whole = FORMATS["webdataset"]
    pieces = {field.name: getattr(whole, field.name) for field in dataclasses.fields(Format)}
    Format(**pieces)
    del pieces[name]
    with pytest.raises(TypeError, match=name):
        Format(**pieces)


@pytest.mark.slow
def test_the_name_of_a_format_stands_in_few_files() -> None:
    for package in ("transforms", "pipelines", "evenweave"):
        for path in (ROOT / package).rglob("*.py"):
            relative = str(path.relative_to(ROOT))
            constants = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
            named = {name for name in FORMATS if name in constants}
            if relative in _MAY_NAME or relative.startswith(_OTHER_WORDS):
                continue
            own = {path.stem} if path.parent.name == "formats" else set()
            assert named <= own, f"{relative} names {named}: ask transforms.reading.formats.FORMATS"


@pytest.mark.parametrize("name", FORMATS)
def test_endings_are_lower_case_and_begin_with_a_dot(name: FormatName) -> None:
    assert all(ending == ending.lower() and ending.startswith(".") for ending in FORMATS[name].endings)


def test_images_that_are_decoded_with_their_neighbours() -> None:
    """A row group at a time; all else is read image by image, by as many threads as there are."""

    def grouped(**values: str) -> list[str]:
        sources = [SourceSettings.model_validate({"name": "s", "format": name, "path": "p"}) for name in FORMATS]
        asked = [source.model_copy(update=values) for source in sources]
        return [source.format for source in asked if FORMATS[source.format].decodes_groups(source)]

    assert grouped() == ["parquet"]
    assert sorted(grouped(document_images="column")) == ["interleaved_parquet", "parquet"]


def test_settings_belong_to_formats() -> None:
    assert SourceSettings.settings_of("folder") == ["captions"]
    assert SourceSettings.settings_of("parquet") == ["image_column", "caption_column", "key_column"]
    assert SourceSettings.settings_of("webdataset") == []
    assert SourceSettings.settings_of("interleaved_webdataset") == ["document_text"]
    documents = ["image_column", "document_text", "document_images"]
    assert SourceSettings.settings_of("interleaved_parquet") == documents


@pytest.mark.parametrize(("setting", "value"), [("captions", "c.csv"), ("key_column", "id"), ("document_text", "alt")])
def test_a_setting_of_another_format_is_refused(setting: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{setting} is a setting of format .*; source s is webdataset"):
        SourceSettings.model_validate({"name": "s", "format": "webdataset", "path": "p", setting: value})


def test_settings_that_came_later_leave_older_fingerprints() -> None:
    identity = SourceSettings(name="s", format="webdataset", path="p").identity()
    assert {"document_text", "document_images"} & identity.keys() == set()
    changed = SourceSettings(name="s", format="interleaved_webdataset", path="p", document_text="none")
    assert changed.identity()["document_text"] == "none"
