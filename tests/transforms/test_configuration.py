"""Strict configuration: every way to write it wrongly is answered by name."""

from __future__ import annotations

import hashlib
import pathlib

import pytest
from pydantic import Field, ValidationError

from transforms import configuration
from transforms.configuration import (
    FINGERPRINTED_IF_SET,
    NOT_FINGERPRINTED,
    Settings,
    fingerprint,
    load_settings,
    refuse_placeholders,
    validate,
)
from transforms.errors import ConfigError


class Inner(Settings):
    size: int = Field(3, ge=1)
    share: float = 0.5
    path: str = Field("", json_schema_extra=NOT_FINGERPRINTED)


class Job(Settings):
    inner: Inner = Field(default_factory=Inner)
    items: list[Inner] = Field(default_factory=list)
    output: str = Field("out", json_schema_extra=NOT_FINGERPRINTED)


@pytest.fixture
def yaml_file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "job.yaml"
    path.write_text("inner: {size: 5, path: ../data/x}\nitems: [{size: 1}, {size: 2}]\n")
    return path


def test_overrides_reach_sections_and_lists(yaml_file: pathlib.Path) -> None:
    job = load_settings(str(yaml_file), Job, ["inner.size=7", "items.1.size=9", "output=elsewhere"])
    assert (job.inner.size, job.items[0].size, job.items[1].size, job.output) == (7, 1, 9, "elsewhere")


def test_paths_in_a_file_are_relative_to_it(yaml_file: pathlib.Path) -> None:
    assert load_settings(str(yaml_file), Job).inner.path == str(yaml_file.parent.parent / "data" / "x")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("inner.sise=7", "inner.sise: unknown key"),
        ("inner.size=0", "inner.size: Input should be greater than or equal to 1"),
        ("inner.size", "write it as key=value"),
        ("items.5.size=1", "5 must be a number below 2"),
        ("inner.size.a=1", "size holds a single value"),
        ("inner=[", "not YAML"),
        ("inner.size=2020-13-45", "cannot be read as timestamp"),
    ],
)
def test_a_wrong_override_is_answered_by_name(yaml_file: pathlib.Path, override: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_settings(str(yaml_file), Job, [override])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- 1\n", "must be a mapping"),
        ("a: [\n", "is not YAML"),
        ("output: a\noutput: b\n", "key 'output' was given on line 1 already"),
        ("1: 2\n", "a.yaml:\n  1: "),
        ("inner: {share: .inf}\n", "inner.share: Input should be a finite number"),
        ("inner: {share: -.inf}\n", "inner.share: Input should be a finite number"),
        ("inner: {share: .nan}\n", "inner.share: Input should be a finite number"),
        ("a: " + "b" * (1 << 20), "has 1048579 bytes; no configuration has over 1048576"),
    ],
)
def test_a_file_that_is_no_configuration(tmp_path: pathlib.Path, text: str, says: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_settings(str(tmp_path / "a.yaml"), Job)
    with pytest.raises(ConfigError, match="no configuration file"):
        load_settings(str(tmp_path / "b.yaml"), Job)


def test_the_fingerprint_sees_what_decides_bytes_and_nothing_else() -> None:
    job = Job()
    assert fingerprint(job) == fingerprint(Job(output="elsewhere", inner=Inner(path="moved")))
    assert fingerprint(job) != fingerprint(Job(inner=Inner(size=4)))
    assert fingerprint(job) != fingerprint(Job(items=[Inner()]))
    assert fingerprint(Job(items=[Inner(path="a")])) == fingerprint(Job(items=[Inner(path="b")]))


def test_a_fingerprint_is_the_same_for_ever() -> None:
    """It stands in files: were it worked out another way, every run folder would be refused."""
    text = '[{"a": [{"share": 0.5, "size": 3}, "图", 0.5], "b": 1}, null]'
    assert (
        fingerprint({"b": 1, "a": [Inner(path="a"), "图", 0.5]}, None) == hashlib.sha256(text.encode()).hexdigest()[:16]
    )
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"1": Inner(path="a")}) == fingerprint({1: Inner(path="b")})


def test_a_default_is_checked_as_a_value_is() -> None:
    class Wrong(Settings):
        size: int = Field(0, ge=1)

    with pytest.raises(ConfigError, match="size: Input should be greater than or equal to 1"):
        validate({}, Wrong, "here")


def test_the_index_of_a_list_ends_before_its_length(yaml_file: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="2 must be a number below 2"):
        load_settings(str(yaml_file), Job, ["items.2.size=1"])


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Job().output = "elsewhere"  # type: ignore[misc]


class Later(Settings):
    size: int = 3
    flag: bool = Field(False, json_schema_extra=FINGERPRINTED_IF_SET)
    inner: Inner = Field(default_factory=Inner, json_schema_extra=FINGERPRINTED_IF_SET)


def test_a_field_that_came_later_is_seen_where_it_is_set() -> None:
    assert Later().identity() == Later(inner=Inner(path="elsewhere")).identity() == {"size": 3}
    assert Later(flag=True).identity() == {"size": 3, "flag": True}
    assert Later(inner=Inner(size=4)).identity() == {"size": 3, "inner": {"size": 4, "share": 0.5}}


def test_an_override_changes_one_of_two_aliases(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.yaml").write_text("inner: &a {size: 5}\nitems: [*a]\n")
    job = load_settings(str(tmp_path / "a.yaml"), Job, ["inner.size=7"])
    assert (job.inner.size, job.items[0].size) == (7, 5)


def test_the_largest_file_that_is_read(yaml_file: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "_MOST_BYTES", yaml_file.stat().st_size)
    assert load_settings(str(yaml_file), Job).inner.size == 5
    monkeypatch.setattr(configuration, "_MOST_BYTES", yaml_file.stat().st_size - 1)
    with pytest.raises(ConfigError):
        load_settings(str(yaml_file), Job)


@pytest.mark.parametrize(
    ("value", "is_left"),
    [
        ("gs://YOUR-BUCKET/a", True),
        ("YOUR-PROJECT", True),
        ("x=YOUR-KEY", True),
        ("it is YOUR-self", False),
        ("a", False),
    ],
)
def test_what_is_to_be_filled_in(value: str, is_left: bool) -> None:
    class Inner(Settings):
        paths: list[str]

    class Outer(Settings):
        inner: Inner

    settings = Outer.model_validate({"inner": {"paths": ["b", value]}})
    refuse_placeholders(settings, "inner")
    if is_left:
        with pytest.raises(ConfigError, match=f"inner.paths.1: {value}"):
            refuse_placeholders(settings)
    else:
        refuse_placeholders(settings)
