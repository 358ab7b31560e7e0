"""init: a commented configuration for input of one's own, to be read and changed before it is run."""

from __future__ import annotations

import json
import os
import re
import string

from rich.console import Console
from rich.text import Text

from pipelines.packaged_configs import CONFIGS
from transforms.errors import ConfigError
from transforms.reading.checks import most_samples
from transforms.reading.detect import detect_source
from transforms.reading.formats import FORMATS
from transforms.reading.listing import list_shards
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath, absolute

_CONFIG, _CONCEPTS = "build.yaml", "concepts.txt"
_SELECTED_SHARE = 4  # a quarter of a folder of images: common concepts then have to give way
_SIZE = 1000  # where the number of samples is not known without reading them

#: Why each key of a source is what it is.
_WHY = {
    "name": "in file names and in the report: a to z, 0 to 9 and _",
    "format": "; ".join(f"{name}: {kind.about}" for name, kind in FORMATS.items()),
    "path": "file, folder or pattern (data/*.tar), or a URI",
    "language": "ISO 639 code of the captions (en, zh); auto: told caption by caption, among languages",
    "languages": "what auto chooses from; a caption in none of them is und",
    "license": "stands in the dataset card that goes with the shards",
    "caption": "required: a sample without a caption is rejected; optional: it is kept",
    "captions": "CSV, TSV or JSON Lines of file and caption; null: a .txt beside each image",
    "image_column": "image bytes, or struct<bytes, path> as Hugging Face writes it",
    "caption_column": "text",
    "key_column": "a column that names each row; null: the row's number",
}
_EVERY = ("name", "format", "path", "language", "languages", "license", "caption")


def run(folder: str, input_path: str | None, console: Console) -> None:
    """Write ``build.yaml`` and ``concepts.txt`` into ``folder``.

    Raises ConfigError where one of them is there already, InputError where ``input_path`` holds nothing to read.
    """
    root = StoragePath.of(folder)
    for name in (_CONFIG, _CONCEPTS):
        if (root / name).exists():
            raise ConfigError(f"{root / name} is there already. Choose another folder, or remove it.")
    source, size = _source(input_path)
    packaged = StoragePath.of(CONFIGS) / "init"
    template = string.Template((packaged / f"{_CONFIG}.template").read_text())
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", root.name).strip("-") or "corpus"
    text = template.substitute(file=os.path.join(folder, _CONFIG), sources=_lines(source), size=size, name=name)
    (root / _CONCEPTS).write_bytes((packaged / _CONCEPTS).read_bytes())
    (root / _CONFIG).write_text(text)
    console.print(Text.assemble(("✓", "green"), f" {root / _CONFIG} and {_CONCEPTS}"), soft_wrap=True)
    if source.captions is not None:
        console.print(Text(f"captions are those of {source.captions}"), soft_wrap=True)
    console.print(Text(f"Look through both, then: evenweave build {os.path.join(folder, _CONFIG)}"), soft_wrap=True)


def _source(input_path: str | None) -> tuple[SourceSettings, int]:
    """The source to write, and how many samples to select of it."""
    if input_path is None:
        return SourceSettings(name="input", format="webdataset", path="./data", caption="optional"), _SIZE
    source = detect_source(absolute(input_path))
    if not FORMATS[source.format].is_counted:
        return source, _SIZE
    images = most_samples(list_shards(source))[source.name]
    return source, _SIZE if images is None else max(1, images // _SELECTED_SHARE)


def _lines(source: SourceSettings) -> str:
    """One item of the list under ``sources``, a comment on each line."""
    values = source.model_dump()
    keys = (*_EVERY, *SourceSettings.settings_of(source.format))
    fields = SourceSettings.model_fields
    lines = [f"{key}: {_yaml(values[key])} # {_WHY.get(key) or fields[key].description}" for key in keys]
    return "".join(f"{'  - ' if position == 0 else '    '}{line}\n" for position, line in enumerate(lines))


def _yaml(value: str | list[str] | None) -> str:
    """Plain where YAML reads it back as it is, else in double quotes, as JSON is YAML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if value is None or re.fullmatch(r"[A-Za-z./][\w./-]*", value, re.ASCII):
        return value or "null"
    return json.dumps(value, ensure_ascii=False)
