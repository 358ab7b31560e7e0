"""A part of rows on disk through the stage, and the published rows through its last look."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.transforms.instruct.decontaminating.small_benchmark import (
    CHARTS,
    LONG,
    chart,
    encoded,
    row,
    settings_of,
    write_benchmark,
)
from transforms.datasets import ShardName, write_table
from transforms.errors import ConfigError, RunFolderError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.decontaminating import files
from transforms.instruct.decontaminating.certificate import write_certificate
from transforms.instruct.decontaminating.final import certify_published, scan_rows
from transforms.instruct.decontaminating.fingerprints import hand_on
from transforms.instruct.decontaminating.settings import DecontaminateSettings
from transforms.instruct.rows import to_table
from transforms.rejects import Counts
from transforms.storage import StoragePath

PART = ShardName("s", "p")
ROWS = (row("image", "Other?", encoded(chart(1), 50)), row("long", LONG[0]), row("clean", "Hello."))


def _folder(tmp_path: pathlib.Path) -> InstructFolder:
    chain = ("standardise", "decontaminate")
    folder = InstructFolder(StoragePath.of(str(tmp_path / "run")), "f", chain, dict.fromkeys(chain, "f"))
    write_table(folder.rows(*PART), to_table(ROWS), "f", Counts(len(ROWS), len(ROWS)))
    return folder


def _prepared(tmp_path: pathlib.Path) -> tuple[InstructFolder, DecontaminateSettings]:
    settings, folder = settings_of(write_benchmark(tmp_path / "b")), _folder(tmp_path)
    for part in files.benchmark_parts(settings):
        assert files.write_prints(folder, settings, 0, part) == "small"
    return folder, settings


def test_a_part_through_the_stage(tmp_path: pathlib.Path) -> None:
    folder, settings = _prepared(tmp_path)
    counts = files.decontaminate_part(folder, settings, PART)
    assert counts == Counts(3, 1, {"benchmark_image": 1, "benchmark_text": 1})
    assert sorted(files.read_found(folder, [PART])) == [("long_text", "small", "long0"), ("same_image", "small", "q1")]
    before = folder.facts("decontaminate", *PART).read_bytes()
    assert files.decontaminate_part(folder, settings, PART) == counts
    assert folder.facts("decontaminate", *PART).read_bytes() == before
    (known,) = files.describe(settings, files.prints(folder, settings))
    assert (known["questions"], known["images"], known["long_questions"]) == (CHARTS + 2, CHARTS, 2)


def test_without_benchmarks_all_rows_go_on(tmp_path: pathlib.Path) -> None:
    assert files.decontaminate_part(_folder(tmp_path), DecontaminateSettings(), PART) == Counts(3, 3)


def test_the_certificate_describes_what_is_published(tmp_path: pathlib.Path) -> None:
    folder, settings = _prepared(tmp_path)
    with pytest.raises(RunFolderError, match="run decontaminate again"):
        certify_published(folder, settings, 0, [], "")
    write_certificate(folder.contamination_certificate, {"final": None})
    assert certify_published(folder, settings, 1, scan_rows(folder, settings, ROWS[2:]), "00")["left"] == 0
    final = certify_published(folder, settings, 3, scan_rows(folder, settings, ROWS), "00")
    assert (final["rows"], final["left"], final["tiers"]["long_text"]["rows"]) == (3, 2, 1)
    assert json.loads(folder.contamination_certificate.read_text())["final"] == final


def test_a_fingerprint_stands_for_its_benchmark(tmp_path: pathlib.Path) -> None:
    own = settings_of(write_benchmark(tmp_path / "b"))
    path = tmp_path / "handed.parquet"
    hand_on(own.benchmarks[0], own.text, StoragePath.of(str(path)))
    handed = {"benchmarks": [{"name": "small", "fingerprint": str(path)}]}
    settings = DecontaminateSettings.model_validate(handed)
    settings.check([])
    assert not files.benchmark_parts(settings)
    assert files.decontaminate_part(_folder(tmp_path), settings, PART).rejected == 2
    with pytest.raises(ConfigError, match="Set both alike"):
        DecontaminateSettings.model_validate({**handed, "text": {"ngram_words": 8}}).check([])
