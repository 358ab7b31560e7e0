"""Rules are off until set, and what they are set to is looked at before work."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import pytest

from transforms.configuration import validate
from transforms.errors import ConfigError
from transforms.filtering.checks import check_filter
from transforms.filtering.settings import FilterSettings
from transforms.reading.settings import SourceSettings


def test_no_rule_is_on_by_itself() -> None:
    assert not FilterSettings().is_on
    assert not FilterSettings(partitions=3).is_on
    for rule in ({"min_side": 1}, {"blocked_words": "w.txt"}, {"expression": "width > 1"}, {"max_caption_images": 1}):
        assert FilterSettings.model_validate(rule).is_on


def test_similarity_is_taken_by_two_rules() -> None:
    assert not FilterSettings(expression="width > 1").takes_similarity
    assert FilterSettings(expression="width > 1 and caption_similarity > 0.2").takes_similarity
    assert FilterSettings(min_caption_similarity=0.28).takes_similarity


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"expression": "widht > 1"}, "expression: there is no column widht; .*at character 1"),
        ({"min_words": 5, "max_words": 4}, "min_words is 5, above max_words 4"),
        ({"languages": {"web": []}}, "languages.web is empty"),
        ({"max_aspect_ratio": 0.5}, "greater than or equal to 1"),
        ({"min_sides": 5}, "unknown key"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.compile(message, re.DOTALL)):
        validate(values, FilterSettings, "filter")


def test_languages_must_have_been_told(tmp_path: pathlib.Path) -> None:
    told = SourceSettings(name="web", format="folder", path="x")
    check_filter(FilterSettings(languages={"web": ["en"]}), {"web": told})
    with pytest.raises(ConfigError, match="names 'wbe', but the sources are web"):
        check_filter(FilterSettings(languages={"wbe": ["en"]}), {"web": told})
    with pytest.raises(ConfigError, match="language is en by its settings"):
        check_filter(FilterSettings(languages={"web": ["en"]}), {"web": told.model_copy(update={"language": "en"})})
    with pytest.raises(ConfigError, match="no word list"):
        check_filter(FilterSettings(blocked_words=str(tmp_path / "none.txt")), {"web": told})
