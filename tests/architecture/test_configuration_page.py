"""The reference of configuration is written from the settings, and says something of each key."""

from __future__ import annotations

import importlib.util
import pathlib

import pytest
import yaml
from pydantic import Field

from transforms.configuration import NOT_FINGERPRINTED, Settings

ROOT = pathlib.Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("write_configuration", ROOT / "docs" / "write_configuration.py")
assert _spec is not None and _spec.loader is not None
page = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(page)


def test_the_page_is_written_from_the_settings() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.write(), (
        "settings have changed: run `python docs/write_configuration.py`"
    )


@pytest.mark.parametrize(("command", "schema", "example"), page.JOBS, ids=lambda value: str(value)[:15])
def test_every_key_of_the_example_is_on_the_page(command: str, schema: type[Settings], example: str) -> None:
    keys = {f"{name}.{key}".removeprefix(".") for name, _, of in page.sections(schema) for key, _ in page._by_name(of)}

    def dotted(values: object, name: str = "") -> list[str]:
        if isinstance(values, dict) and any(key.startswith(f"{name}.NAME.") for key in keys):
            return [one for value in values.values() for one in dotted(value, f"{name}.NAME")]
        if isinstance(values, dict) and (not name or any(key.startswith(f"{name}.") for key in keys)):
            return [one for key, value in values.items() for one in dotted(value, f"{name}.{key}".removeprefix("."))]
        if isinstance(values, list) and any(key.startswith(f"{name}.N.") for key in keys):
            return [one for value in values for one in dotted(value, f"{name}.N")]
        return [name]

    found = dotted(yaml.safe_load((ROOT / example).read_text()))
    assert len(found) > 4 and set(found) <= keys, command


class _Inner(Settings):
    """What it holds.

    And more."""

    name: str = Field("a|b", pattern="^[a-z]$", description="how <name> is called", json_schema_extra=NOT_FINGERPRINTED)


class _Outer(Settings):
    parts: list[_Inner] = Field(default_factory=list)
    betas: tuple[float, float] = Field(description="two of them")


def test_a_section_by_hand() -> None:
    names = [(name, text) for name, text, _ in page.sections(_Outer)]
    assert names == [("", ""), ("parts.N", "What it holds.")]
    assert page._section("", "", _Outer).splitlines()[2:] == [
        "| `parts` | sections |  | What it holds. |",
        "| `betas` | 2 numbers | required | two of them |",
    ]
    row = page._section("parts.N", "What it holds.", _Inner).splitlines()[-1]
    assert row == r'| `name` ○ | text `^[a-z]$` | `"a\|b"` | how &lt;name> is called |'


def test_a_key_without_a_word_is_an_error() -> None:
    class Silent(Settings):
        key: int = 0

    with pytest.raises(ValueError, match="no description"):
        page._section("", "", Silent)
