"""evenweave instruct fingerprint: a file of hashes for each benchmark."""

from __future__ import annotations

import pathlib

import pytest
from rich.console import Console

from pipelines.instruct import fingerprint
from pipelines.packaged_configs import CONFIGS
from tests.transforms.instruct.decontaminating.small_benchmark import CHARTS, write_benchmark
from transforms.configuration import load_settings
from transforms.errors import ConfigError


def test_a_file_of_each(tmp_path: pathlib.Path) -> None:
    write_benchmark(tmp_path / "b")
    config = tmp_path / "benchmarks.yaml"
    config.write_text("benchmarks:\n  - {name: one, path: ./b/questions.jsonl}\n  - {name: two, path: ./b/*.jsonl}\n")
    console = Console(record=True, width=200)
    fingerprint.run(str(config), str(tmp_path / "out"), console)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.parquet", "two.parquet"]
    assert f"{CHARTS + 2} questions of two" in console.export_text()
    config.write_text("benchmarks: [{name: again, fingerprint: ./out/one.parquet}]")
    with pytest.raises(ConfigError, match="again is a fingerprint already"):
        fingerprint.run(str(config), str(tmp_path / "out"), console)


def test_the_fourteen_tasks() -> None:
    settings = load_settings(f"{CONFIGS}/instruct/benchmarks.yaml", fingerprint.FingerprintSettings)
    assert len(settings.benchmarks) == 14
