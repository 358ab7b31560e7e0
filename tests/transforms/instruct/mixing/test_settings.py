"""What is refused before any work."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from pydantic import ValidationError

from transforms.errors import ConfigError
from transforms.instruct.mixing.settings import AxisTarget, MixSettings
from transforms.instruct.settings import InstructSource


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"shares": {"ocr": 0.5, "science": 0.4}}, "add up to 0.9, not to 1"),
        ({"shares": {"ocr": 1.2, "science": -0.2}}, "a share lies between 0 and 1"),
        ({"shares": {"ocr": 1.0}, "temperature": 2.0}, "leave one out"),
        ({"floors": {"ocr": 0.6, "science": 0.6}}, "floors add up to 1.2"),
        ({"floors": {"ocr": 0.6}, "cap": 0.5}, "between floor 0.6 and cap 0.5"),
        ({"shares": {"ocr": 0.1, "science": 0.9}, "floor": 0.2}, "a share of 0.1 does not lie between floor 0.2"),
        ({"temperature": 0.0}, "greater than 0"),
    ],
)
def test_targets_that_cannot_be(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AxisTarget.model_validate(values)


def test_thirds_may_be_written_with_four_digits() -> None:
    assert AxisTarget(shares={"a": 0.3333, "b": 0.3333, "c": 0.3333}).shares


def test_a_source_that_is_none(tmp_path: pathlib.Path) -> None:
    sources = [InstructSource(name="charts", path=str(tmp_path))]
    MixSettings(source=AxisTarget(caps={"charts": 0.5})).check(sources)
    with pytest.raises(ConfigError, match=r"'chart', which is none of the sources: charts"):
        MixSettings(source=AxisTarget(caps={"chart": 0.5})).check(sources)


def test_the_tokenizer_counts_by_what_it_holds(tmp_path: pathlib.Path) -> None:
    assert MixSettings(unit="images").digests() == {}
    assert set(MixSettings(unit="tokens").digests()) == {"tokenizer"}
    with pytest.raises(ConfigError, match=r"mix\.tokenizer: no tokenizer\.json"):
        MixSettings(unit="tokens", tokenizer=str(tmp_path)).digests()
