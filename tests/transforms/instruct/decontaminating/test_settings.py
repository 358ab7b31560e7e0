"""Settings that cannot lead anywhere are errors, and what a benchmark holds counts as a setting."""

from __future__ import annotations

import pathlib

import pytest
from pydantic import ValidationError

from tests.transforms.instruct.decontaminating.small_benchmark import settings_of, write_benchmark
from transforms.errors import ConfigError
from transforms.instruct.decontaminating.settings import Benchmark, DecontaminateSettings


def test_other_questions_are_another_benchmark(tmp_path: pathlib.Path) -> None:
    path = write_benchmark(tmp_path / "b")
    settings = settings_of(path)
    before = settings.digests()
    assert before == settings.digests() and list(before) == ["benchmarks.small"]
    path.write_text(path.read_text().replace("goats", "sheep"))
    assert settings.digests() != before


def test_where_a_benchmark_lies_does_not_count(tmp_path: pathlib.Path) -> None:
    one, other = (settings_of(write_benchmark(tmp_path / name)) for name in "ab")
    assert one.identity() == other.identity() and one.digests() == other.digests()


def test_a_benchmark_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"benchmark small: nothing at .*gone"):
        settings_of(tmp_path / "gone.jsonl").check([])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "b"}, "either path or fingerprint"),
        ({"name": "b", "path": "x", "fingerprint": "y"}, "either path or fingerprint"),
        ({"name": "b", "path": "x", "adapter": "none"}, "no adapter 'none'"),
    ],
)
def test_what_a_benchmark_must_say(values: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Benchmark.model_validate(values)


def test_two_of_one_name() -> None:
    with pytest.raises(ValidationError, match="two benchmarks are called 'b'"):
        DecontaminateSettings.model_validate({"benchmarks": [{"name": "b", "path": "x"}] * 2})
