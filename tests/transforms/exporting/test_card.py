"""The dataset card."""

from __future__ import annotations

from typing import Any

import yaml

from transforms.exporting.card import Measure, Picture, render_card
from transforms.reading.settings import SourceSettings

MANIFEST: dict[str, Any] = {
    "fingerprint": "0123456789abcdef",
    "name": "corpus",
    "samples": 12_345,
    "bytes": 2_500_000_000,
    "sources": {"coyo": 12_000, "laion": 345},
    "languages": {"en": 12_000, "und": 5, "zh": 340},
    "formats": {"jpg": 12_345},
    "shards": [{}, {}],
}


def source(name: str, license: str) -> SourceSettings:
    return SourceSettings(name=name, format="webdataset", path="x", license=license)


def card(*sources: SourceSettings, **rest: Any) -> tuple[dict[str, Any], str]:
    """Front matter and body."""
    named = {source.name: source for source in sources}
    text = render_card(MANIFEST, named, rest.get("settings", {}), rest.get("measures", ()), rest.get("pictures", ()))
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_front_matter_is_what_the_hub_asks_for() -> None:
    front, _ = card(source("coyo", "CC-BY-4.0"), source("laion", "CC-BY-4.0"))
    assert front["license"] == "cc-by-4.0"
    assert front["language"] == ["en", "zh"]
    assert front["size_categories"] == ["10K<n<100K"]
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "*.tar"}]


def test_licences_that_differ_are_listed_by_source() -> None:
    front, body = card(source("coyo", "CC-BY-4.0"), source("laion", "a|b"), source("unused", "MIT"))
    assert front["license"] == "other"
    assert "| coyo | CC-BY-4.0 | 12,000 |" in body
    assert "| laion | a\\|b | 345 |" in body
    assert "| unused | MIT | 0 |" in body


def test_an_unknown_licence_is_not_passed_off_as_one() -> None:
    front, _ = card(source("coyo", "unknown"), source("laion", "unknown"))
    assert front["license"] == "other"


def test_settings_measures_and_pictures_are_shown() -> None:
    sources = (source("coyo", "MIT"), source("laion", "MIT"))
    _, plain = card(*sources)
    assert "## Balance" not in plain
    _, body = card(
        *sources,
        settings={"method": "raked", "size": 12_345},
        measures=[Measure("normalised entropy", 0.69012, 0.6904, 0.917)],
        pictures=[Picture("Concepts by rank", "../report/rank.svg")],
    )
    assert "| `method` | `raked` |" in body
    assert "| normalised entropy | 0.6901 | 0.6904 | 0.917 |" in body
    assert "![Concepts by rank](../report/rank.svg)" in body
    assert "2.5 GB" in body
    assert "corpus-{000000..000001}.tar" in body
