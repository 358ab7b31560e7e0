"""Prompts are filled with texts of rows, which are never templates themselves."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import ConfigError
from transforms.instruct.asking.prompts import read_prompt
from transforms.instruct.asking.request import Turn


def _file(folder: pathlib.Path, text: str) -> str:
    path = folder / "prompt.yaml"
    path.write_text(text)
    return str(path)


@given(text=st.one_of(st.text(), st.just("{{ 7 * 7 }} {% for x in y %} {# no #}")))
def test_texts_of_rows_are_values(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = _file(tmp_path_factory.mktemp("p"), "system: be brief\nuser: 'say: {{ text }}.'\n")
    assert read_prompt(path, {"text"}).turns({"text": text}) == (
        Turn("system", "be brief"),
        Turn("user", f"say: {text}.".strip()),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user: '{{ texts }}'", "no variable 'texts'; there are language, text"),
        ("user: '{% if %}'", "user: "),
        ("user: ''", "user is empty"),
        ("user: hello\nsistem: x", "unknown key 'sistem'"),
    ],
)
def test_files_that_are_no_prompts(text: str, said: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=said):
        read_prompt(_file(tmp_path, text), {"text", "language"})


def test_templates_reach_nothing_beside_their_values(tmp_path: pathlib.Path) -> None:
    path = _file(tmp_path, "user: '{{ text.__class__.__mro__ }}'")
    with pytest.raises(ConfigError, match="cannot be filled in"):
        read_prompt(path, {"text"}).turns({"text": "a"})


def test_the_digest_is_of_both_templates(tmp_path: pathlib.Path) -> None:
    texts = ("user: a", "user: b", "user: a\nsystem: b")
    assert len({read_prompt(_file(tmp_path, text), ()).digest for text in texts}) == 3
