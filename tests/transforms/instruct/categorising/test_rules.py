"""Conditions of rules, and files that hold none."""

from __future__ import annotations

import pathlib

import pytest

from transforms.errors import ConfigError
from transforms.instruct.categorising.rules import Exchange, Rule, RuleBook, read_rules
from transforms.instruct.categorising.settings import CategoriseSettings
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath

EXCHANGE = Exchange("How many CATS?", "Two", "number", False, 2, 0, "pets")


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"question": "cats"}, True),
        ({"question": "dogs"}, False),
        ({"answer": "^two$"}, True),
        ({"question": "cats", "answer": "three"}, False),
        ({"forms": ["number", "list"]}, True),
        ({"forms": ["box"]}, False),
        ({"regions": False}, True),
        ({"regions": True}, False),
        ({"media": "several"}, True),
        ({"media": "image"}, True),
        ({"media": "video"}, False),
        ({"media": "none"}, False),
        ({"sources": ["pets"]}, True),
        ({"sources": ["cars"]}, False),
    ],
)
def test_conditions(conditions: dict[str, object], holds: bool) -> None:
    rule = Rule.model_validate({"name": "r", "category": "c", **conditions})
    assert RuleBook.of([rule]).first(EXCHANGE) == (0 if holds else None)


def test_the_first_rule_that_is_true() -> None:
    rules = [Rule(name=f"r{at}", category="c", question=text) for at, text in enumerate(("dogs", "cats", "many"))]
    assert RuleBook.of(rules).first(EXCHANGE) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: []", "rules"),
        ("rules: [{name: a, category: c}]", "names no condition"),
        ("rules: [{name: a, category: c, question: '('}]", "not a regular expression"),
        (
            "rules: [{name: a, category: c, media: none}, {name: a, category: c, media: none}]",
            "two rules are called 'a'",
        ),
        ("rules: [{name: a, category: c, medium: none}]", "unknown key"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: pathlib.Path, text: str, message: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"(?s)rules\.yaml.*{message}"):
        read_rules(StoragePath.of(str(path)))


def test_what_the_rules_say_counts(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules: [{name: a, category: c, media: none}]")
    settings = CategoriseSettings(rules=str(path))
    before = settings.digests()
    path.write_text("rules: [{name: a, category: d, media: none}]")
    assert settings.digests() != before
    path.unlink()
    with pytest.raises(ConfigError, match="no file at"):
        settings.digests()


def test_a_source_that_is_none() -> None:
    with pytest.raises(ConfigError, match=r"categorise\.sources names cars; the sources are pets"):
        CategoriseSettings(sources={"cars": "c"}).check([InstructSource(name="pets", path="x")])
