"""The dataset card of the mixture: ``mixture/README.md``, in the form that the Hugging Face Hub reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from transforms.datasets import UNDETERMINED
from transforms.exporting.card import CARD, field, size_category, table
from transforms.exporting.manifest import ShardStats
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.publishing.parts import Ledger
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.publishing.shards import ENDINGS
from transforms.instruct.settings import InstructSource

__all__ = ["CARD", "render_card"]

#: Columns of the ledger.
_SPLIT, _SOURCE, _LICENCE, _CATEGORY, _TERMS, _LANGUAGE = range(6)

_IMAGE_ENDINGS = ("jpg", "jpeg", "png", "webp", "tiff")


def render_card(
    settings: PublishSettings,
    mix: MixSettings,
    sources: Sequence[InstructSource],
    ledger: Ledger,
    licences: Mapping[str, Any],
    stats: Sequence[ShardStats],
    made_with: str,
) -> str:
    """``stats`` are sorted by file; ``licences`` is what the ledger of licences says."""
    front = yaml.safe_dump(_front_matter(settings, ledger, licences, stats), sort_keys=False, allow_unicode=True)
    sections = [
        f"---\n{front}---",
        _introduction(settings, ledger),
        "## What is in it\n\n" + "\n\n".join(_counts(ledger, column, name) for column, name in _TOLD),
        _licences(licences),
        _sources(sources, ledger),
        _settings(settings, mix, made_with),
        _how_to_read(settings),
    ]
    return "\n\n".join(sections) + "\n"


_TOLD = ((_SPLIT, "split"), (_CATEGORY, "category"), (_LANGUAGE, "language"))


def _summed(ledger: Ledger, column: int) -> dict[Any, int]:
    found: Counter[Any] = Counter()
    for told, samples in ledger.items():
        found[told[column]] += samples
    return dict(sorted(found.items()))


def _front_matter(
    settings: PublishSettings, ledger: Ledger, licences: Mapping[str, Any], stats: Sequence[ShardStats]
) -> dict[str, Any]:
    languages = [one for one in _summed(ledger, _LANGUAGE) if one != UNDETERMINED]
    splits = list(_summed(ledger, _SPLIT))
    first = settings.formats[0]  # the Hub reads one format of a folder
    return {
        "pretty_name": settings.name,
        **_license(licences),
        **({"language": languages} if languages else {}),
        "size_categories": [size_category(ledger.total())],
        "task_categories": ["visual-question-answering", "image-text-to-text"],
        "tags": ["instruction-tuning", *settings.formats],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"{split}/*{ENDINGS[first]}"} for split in splits],
            }
        ],
        **(_dataset_info(stats) if first == "webdataset" else {}),
    }


def _license(licences: Mapping[str, Any]) -> dict[str, str]:
    """The one licence of all samples, else "other", which the Hub wants explained."""
    found = list(licences["licences"])
    if len(found) == 1 and found[0] != "unknown" and re.fullmatch(r"[a-z0-9.-]+", found[0].lower()):
        return {"license": found[0].lower()}
    return {"license": "other", "license_name": "by-sample", "license_link": "#licences"}


def _dataset_info(stats: Sequence[ShardStats]) -> dict[str, Any]:
    """Of the tars: a reader that guesses by the first five samples fails where these show no image. Parquet says it
    itself."""
    members = sorted(
        {ending for one in stats if one.file.endswith(".tar") for ending in one.formats}, key=_member_order
    )
    features = [
        {"name": "json", "struct": _json_features()},
        *(field(one, "image" if one.rpartition(".")[2] in _IMAGE_ENDINGS else "binary") for one in members),
        field("__key__", "string"),
        field("__url__", "string"),
    ]
    return {"dataset_info": {"features": features}}


def _member_order(ending: str) -> tuple[int, str]:
    number, _, kind = ending.partition(".")
    return int(number), kind


def _json_features() -> list[dict[str, Any]]:
    """The keys of :func:`transforms.instruct.publishing.sample.record`."""
    part = [field("type", "string"), field("text", "string")]
    turn = [
        field("role", "string"),
        {"name": "content", "list": part},
        field("train", "bool"),
        field("reasoning_content", "string"),
    ]
    answer = [
        field("message", "int32"),
        field("form", "string"),
        field("value", "string"),
        {"name": "choices", "list": "string"},
        {"name": "correct", "list": "int32"},
    ]
    region = [
        field("media", "string"),
        field("kind", "string"),
        {"name": "xy", "list": "float64"},
        field("label", "string"),
        field("message", "int32"),
    ]
    medium = [
        *(field(name, "string") for name in ("name", "kind")),
        *(field(name, "int32") for name in ("width", "height")),
        *(field(name, "string") for name in ("content_hash", "licence", "origin_url")),
    ]
    texts = ("category", "language", "licence", "source_key", "pair_key", "pair_relation")
    return [
        *(field(name, "string") for name in ("key", "source", "split")),
        {"name": "messages", "list": turn},
        {"name": "images", "list": "string"},
        {"name": "videos", "list": "string"},
        field("tools", "string"),
        *(field(name, "string") for name in texts),
        {"name": "model_terms", "list": "string"},
        field("inclusion_probability", "float64"),
        {"name": "answers", "list": answer},
        {"name": "regions", "list": region},
        {"name": "media", "list": medium},
    ]


def _introduction(settings: PublishSettings, ledger: Ledger) -> str:
    boxes = settings.boxes
    thoughts = {
        "think": "before it, in `<think>`",
        "apart": "apart from it (`reasoning_content` of a turn, `reasoning` in Parquet)",
        "drop": "left out",
    }[settings.reasoning]
    return (
        f"# {settings.name}\n\n"
        f"An instruction mixture of {ledger.total():,} samples, made by Evenweave.\n\n"
        "In a tar, a sample is `<key>.json` and its images and videos, the original bytes, as `<key>.0.jpg` and so on. "
        "The record has the turns (`messages`), the members that they show in their order (`images`, `videos`), and "
        "what is known of the sample: source, category, language, licence, the terms of models that wrote parts of it, "
        "answers in one form, boxes. An answer whose turn says `train: false` (in Parquet, one in `untrained`) is "
        "shown and not learnt.\n\n"
        f"**Boxes**, in texts and in `regions`, are `{boxes.order}` in `{boxes.unit}` of the picture `{boxes.frame}`, "
        f"whatever their source wrote. **What was thought** before an answer is {thoughts}. "
        "`manifest.json` holds the SHA-256 of every shard, `licences.json` the ledger of licences, `croissant.json` "
        "the description that machines read."
    )


def _counts(ledger: Ledger, column: int, name: str) -> str:
    total = max(ledger.total(), 1)
    rows = [(value, f"{samples:,}", f"{samples / total:.1%}") for value, samples in _summed(ledger, column).items()]
    return table((name, "samples", "share"), rows)


def _licences(licences: Mapping[str, Any]) -> str:
    rows = [
        (licence, f"{told['samples']:,}", ", ".join(told["obligations"]) or "none")
        for licence, told in licences["licences"].items()
    ]
    terms = [(name, f"{samples:,}") for name, samples in licences["model_terms"].items()]
    bound = table(("terms of models", "samples"), terms) if terms else "No sample says that a model wrote parts of it."
    return (
        "## Licences\n\n"
        f"The most restrictive that binds a sample is **{licences['most_restrictive']}**; all together ask for "
        f"{', '.join(licences['obligations']) or 'nothing'}. Each sample names its own. This is an account, no legal "
        f"advice.\n\n{table(('licence of data', 'samples', 'asks for'), rows)}\n\n{bound}"
    )


def _sources(sources: Sequence[InstructSource], ledger: Ledger) -> str:
    samples = _summed(ledger, _SOURCE)
    rows = [(one.name, one.license, f"{samples.get(one.name, 0):,}") for one in sorted(sources, key=lambda s: s.name)]
    return "## Sources\n\n" + table(("source", "licence where a record states none", "samples"), rows)


def _settings(settings: PublishSettings, mix: MixSettings, made_with: str) -> str:
    rows = [("fingerprint", made_with), ("mix.size", str(mix.size)), ("mix.unit", mix.unit)]
    rows += [(f"mix.{axis}", target.model_dump_json(exclude_defaults=True)) for axis, target in mix.targets().items()]
    rows += [("mix.max_copies", str(mix.max_copies)), ("publish.reasoning", settings.reasoning)]
    return "## Settings\n\n" + table(("setting", "value"), [(f"`{name}`", f"`{value}`") for name, value in rows])


def _how_to_read(settings: PublishSettings) -> str:
    lines = ["## How to read it\n\nFrom the folder that holds this one as `mixture`:"]
    if "webdataset" in settings.formats:
        lines.append(_READ_TARS)
    if "parquet" in settings.formats:
        lines.append(_READ_PARQUET)
    return "\n\n".join(lines)


_READ_TARS = """\
```python
import glob

import webdataset

for sample in webdataset.WebDataset(sorted(glob.glob("mixture/train/*.tar")), shardshuffle=False).decode("pil"):
    record = sample["json"]
    print(record["messages"], [sample[name] for name in record["images"]])
```

With [Megatron-Energon](https://github.com/NVIDIA/Megatron-Energon), which needs no `energon prepare` first:

```python
from megatron import energon

samples = energon.get_train_dataset(
    "mixture",
    worker_config=energon.WorkerConfig.default_worker_config(),
    batch_size=None,
    shuffle_buffer_size=1000,
    max_samples_per_sequence=100,
    repeat=False,
)
for sample in energon.get_loader(samples):
    print([(turn["role"], turn["content"]) for turn in sample.sequence])
```"""

_READ_PARQUET = """\
```python
import datasets

samples = datasets.load_dataset("parquet", data_files="mixture/train/*.parquet", split="train", streaming=True)
for sample in samples:
    print(sample["messages"], sample["images"])
```"""
