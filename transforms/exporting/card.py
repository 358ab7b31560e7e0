"""The dataset card: ``shards/README.md``, in the form that the Hugging Face Hub reads.

Its front matter also declares the features of a sample, so that ``datasets.load_dataset(folder)`` needs not guess them:
its guess, from the first five samples, fails on a corpus of several image formats and loses the captions of a language
that does not occur among the five.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from transforms.datasets import UNDETERMINED
from transforms.exporting.manifest import read_manifest
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder

CARD = "README.md"

#: https://github.com/huggingface/hub-docs/blob/main/datasetcard.md, ``size_categories``
_SIZE_CATEGORIES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)


class Measure(NamedTuple):
    """One line of the table of measures."""

    name: str
    before: float
    random: float
    after: float


class Picture(NamedTuple):
    """A picture of the report; ``path`` is relative to the card."""

    title: str
    path: str


def write_card(
    folder: RunFolder,
    sources: Mapping[str, SourceSettings],
    settings: Mapping[str, object] | None = None,
    measures: Sequence[Measure] = (),
    pictures: Sequence[Picture] = (),
) -> None:
    """Write the card from the manifest; ``settings`` are those worth a reader's notice, such as the method."""
    manifest = read_manifest(folder.shards, folder.fingerprint)
    (folder.shards / CARD).write_text(render_card(manifest, sources, settings or {}, measures, pictures))


def render_card(
    manifest: Mapping[str, Any],
    sources: Mapping[str, SourceSettings],
    settings: Mapping[str, object],
    measures: Sequence[Measure],
    pictures: Sequence[Picture],
) -> str:
    front = yaml.safe_dump(_front_matter(manifest, sources), sort_keys=False, allow_unicode=True)
    sections = [
        f"---\n{front}---",
        _introduction(manifest),
        _sources(manifest, sources),
        _settings(manifest, settings),
        _measures(measures),
        "\n\n".join(f"![{picture.title}]({picture.path})" for picture in pictures),
        _HOW_TO_READ.format(name=manifest["name"], last=len(manifest["shards"]) - 1),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _front_matter(manifest: Mapping[str, Any], sources: Mapping[str, SourceSettings]) -> dict[str, Any]:
    samples = manifest["samples"]
    languages = [language for language in manifest["languages"] if language != UNDETERMINED]
    return {
        "pretty_name": manifest["name"],
        **_license(manifest, sources),
        **({"language": languages} if languages else {}),
        "size_categories": [size_category(samples)],
        "task_categories": ["image-to-text", "text-to-image"],
        "tags": ["webdataset", "concept-balanced"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "*.tar"}]}],
        "dataset_info": {"features": _features(manifest)},
    }


def _license(manifest: Mapping[str, Any], sources: Mapping[str, SourceSettings]) -> dict[str, str]:
    """The one licence of all sources in the corpus, else "other", which the Hub wants explained."""
    licenses = {sources[name].license for name in manifest["sources"]}
    if len(licenses) == 1:
        license_id = licenses.pop().lower()
        if license_id != "unknown" and re.fullmatch(r"[a-z0-9.-]+", license_id):
            return {"license": license_id}
    return {"license": "other", "license_name": "by-source", "license_link": "#sources"}


def _features(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a sample, as ``datasets.Features`` writes them.

    All but ``source_record``: that may have any shape, and a feature has one.
    """
    captions = [field(language, "string") for language in manifest["languages"]]
    concept = [field("id", "int32"), field("name", "string"), field("score", "float32")]
    about = [
        *(field(name, "string") for name in ("key", "source", "shard", "source_key")),
        *(field(name, "int32") for name in ("width", "height")),
        {"name": "concepts", "list": concept},
        field("inclusion_probability", "float64"),
        *([{"name": "captions", "struct": captions}] if captions else []),
    ]
    return [
        *(field(image_format, "image") for image_format in manifest["formats"]),
        field("txt", "string"),
        {"name": "json", "struct": about},
        field("__key__", "string"),
        field("__url__", "string"),
    ]


def size_category(samples: int) -> str:
    """As the Hub calls it."""
    return next((category for limit, category in _SIZE_CATEGORIES if samples < limit), "n>1T")


def field(name: str, dtype: str) -> dict[str, str]:
    """A plain column, as ``datasets.Features`` writes it."""
    return {"name": name, "dtype": dtype}


def _introduction(manifest: Mapping[str, Any]) -> str:
    size_bytes = manifest["bytes"]
    size = f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.1f} MB"
    languages = ", ".join(f"{count:,} {language}" for language, count in manifest["languages"].items())
    return (
        f"# {manifest['name']}\n\n"
        f"A concept-balanced corpus of {manifest['samples']:,} images with captions ({languages}) in "
        f"{len(manifest['shards']):,} WebDataset shards, {size}, made by Evenweave.\n\n"
        "A sample is the image as its source published it (never re-encoded), its caption (`.txt`; absent where the "
        "source has none) and `.json`: key, source, input shard, size, the concepts found in the image with their "
        "scores, the probability with which it was included, and its captions by language; `source_record`, the "
        "source's own JSON on the sample, where it has one; and `source_key`, its key there, where that differs. "
        "`manifest.json` holds the SHA-256 and the counts of every shard."
    )


def _sources(manifest: Mapping[str, Any], sources: Mapping[str, SourceSettings]) -> str:
    rows = [
        (source.name, source.license, f"{manifest['sources'].get(source.name, 0):,}")
        for source in sorted(sources.values(), key=lambda source: source.name)
    ]
    return "## Sources\n\n" + table(("source", "licence", "samples"), rows)


def _settings(manifest: Mapping[str, Any], settings: Mapping[str, object]) -> str:
    rows = [*settings.items(), ("fingerprint", manifest["fingerprint"])]
    return "## Settings\n\n" + table(("setting", "value"), [(f"`{name}`", f"`{value}`") for name, value in rows])


def _measures(measures: Sequence[Measure]) -> str:
    if not measures:
        return ""
    rows = [(name, *(f"{value:,.4g}" for value in values)) for name, *values in measures]
    head = ("measure", "before", "random of the same size", "after")
    return "## Balance of concepts\n\n" + table(head, rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_HOW_TO_READ = """\
## How to read it

From the folder that holds this one as `shards`, with [webdataset](https://github.com/webdataset/webdataset):

```python
import webdataset

samples = webdataset.WebDataset("shards/{name}-{{000000..{last:06d}}}.tar", shardshuffle=False).decode("pil")
for sample in samples:
    print(sample["__key__"], sample.get("txt"), sample["json"]["concepts"])
```

With Hugging Face [datasets](https://github.com/huggingface/datasets):

```python
import datasets

samples = datasets.load_dataset("shards", split="train", streaming=True)
for sample in samples:
    print(sample["__key__"], sample["txt"], sample["json"]["concepts"])
```

With [Megatron-Energon](https://github.com/NVIDIA/Megatron-Energon), which needs no `energon prepare` first:

```python
from megatron import energon

samples = energon.get_train_dataset(
    "shards",
    worker_config=energon.WorkerConfig.default_worker_config(),
    batch_size=1,
    shuffle_buffer_size=1000,
    max_samples_per_sequence=100,
    repeat=False,
)
for batch in energon.get_loader(samples):
    print(batch.__key__, batch.caption, batch.image.shape)
```"""
