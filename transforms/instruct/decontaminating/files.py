"""The files of the stage in a run folder, and the index that workers open from them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.datasets import ShardName, read_table, write_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.chain.part_files import done_before, read_rows, write_outcome
from transforms.instruct.decontaminating.certificate import told
from transforms.instruct.decontaminating.fingerprints import (
    FINGERPRINTS,
    FingerprintFiles,
    Sample,
    fingerprint_part,
)
from transforms.instruct.decontaminating.index import BenchmarkIndex, BenchmarkPrints
from transforms.instruct.decontaminating.judging import Finding, Judge
from transforms.instruct.decontaminating.settings import HANDED_ON, Benchmark, DecontaminateSettings
from transforms.instruct.reading.inputs import InstructPart, list_parts
from transforms.rejects import Counts
from transforms.stages import DECONTAMINATE
from transforms.storage import StoragePath

_RANGE_BYTES = 64 << 20
_FOUND = pa.schema(
    [
        ("key", pa.string()),
        ("tier", pa.string()),
        ("benchmark", pa.string()),
        ("question_id", pa.string()),
        ("evidence", pa.string()),
    ]
)


class BenchmarkPart(NamedTuple):
    """One file of a benchmark, or a range of one."""

    benchmark: Benchmark
    part: InstructPart


def benchmark_parts(settings: DecontaminateSettings) -> list[BenchmarkPart]:
    """Of the benchmarks that are not known by their fingerprints alone."""
    return [
        BenchmarkPart(one, part)
        for one in settings.benchmarks
        if one.path is not None
        for part in list_parts(one.source, _RANGE_BYTES)
    ]


def prints_of(folder: InstructFolder, one: BenchmarkPart) -> FingerprintFiles:
    return _prints(folder, one.benchmark.name, one.part.name)


def _prints(folder: InstructFolder, benchmark: str, part: str) -> FingerprintFiles:
    place = _place(folder) / f"benchmarks/{benchmark}"
    return FingerprintFiles(*(place / f"{part}{ending}" for ending in (".parquet", ".pictures", "-sample.parquet")))


def _place(folder: InstructFolder) -> StoragePath:
    return folder.contamination_certificate.parent


def write_prints(folder: InstructFolder, settings: DecontaminateSettings, seed: int, one: BenchmarkPart) -> str:
    """The fingerprints of one part of a benchmark, unless they are there; returns its name."""
    files = prints_of(folder, one)
    if not files.table.is_file():
        sample = Sample(settings.canaries, seed, one.benchmark.name)
        own = folder.fingerprints[DECONTAMINATE.name]
        fingerprint_part(one.benchmark, one.part, settings.text, files, own, sample)
    return one.benchmark.name


def open_index(folder: InstructFolder, settings: DecontaminateSettings) -> BenchmarkIndex:
    """Once a process: of all benchmarks of the settings, from the files of the run folder."""
    return _open_index(prints(folder, settings), settings.most_questions)


@functools.lru_cache(1)
def _open_index(benchmarks: tuple[BenchmarkPrints, ...], most_questions: int) -> BenchmarkIndex:
    return BenchmarkIndex(benchmarks, most_questions)


def prints(folder: InstructFolder, settings: DecontaminateSettings) -> tuple[BenchmarkPrints, ...]:
    """Where the fingerprints of each benchmark lie."""
    own = folder.fingerprints[DECONTAMINATE.name]
    found = []
    for one in settings.benchmarks:
        if one.fingerprint is not None:
            files: tuple[FingerprintFiles, ...] = (FingerprintFiles(StoragePath.of(one.fingerprint)),)
            found.append(BenchmarkPrints(one.name, files, HANDED_ON, one.match_names))
        else:
            files = tuple(prints_of(folder, BenchmarkPart(one, part)) for part in list_parts(one.source, _RANGE_BYTES))
            found.append(BenchmarkPrints(one.name, files, own, one.match_names))
    return tuple(found)


def decontaminate_part(folder: InstructFolder, settings: DecontaminateSettings, name: ShardName) -> Counts:
    """Judges the rows of a part, and writes what is to become of them."""
    stage = DECONTAMINATE.name
    counts = done_before(folder, stage, name)
    if counts is not None:
        return counts
    rows = read_rows(folder, name, stage)
    index = open_index(folder, settings)
    judge = Judge(index, settings)
    findings = judge(rows) if settings.benchmarks else []
    _write_found(folder, name, findings, index)
    outcome = judge.outcome(findings) if findings else Outcome()
    return write_outcome(folder, stage, name, [row.key for row in rows], outcome)


def _found(folder: InstructFolder, name: ShardName) -> StoragePath:
    return _place(folder) / f"found/{name.source}/{name.shard}.parquet"


def _write_found(folder: InstructFolder, name: ShardName, findings: Sequence[Finding], index: BenchmarkIndex) -> None:
    path = _found(folder, name)
    lines = [(one.key, *told(one, index), one.evidence) for one in findings]
    if lines:
        columns = dict(zip(_FOUND.names, map(list, zip(*lines, strict=True)), strict=True))
        write_table(path, pa.table(columns, _FOUND), folder.fingerprints[DECONTAMINATE.name])
    elif path.is_file():
        path.delete()


def read_found(folder: InstructFolder, names: Sequence[ShardName]) -> Iterator[tuple[str, str, str]]:
    """Tier, benchmark and question of every finding."""
    for name in names:
        path = _found(folder, name)
        if path.is_file():
            table = read_table(path, folder.fingerprints[DECONTAMINATE.name], _FOUND.names[1:4])
            yield from zip(*(table[column].to_pylist() for column in table.column_names), strict=True)


def describe(settings: DecontaminateSettings, benchmarks: Sequence[BenchmarkPrints]) -> list[dict[str, Any]]:
    """Of each benchmark, for the certificate: how many questions and images it has, and what is known of them."""
    return [_described(one, known) for one, known in zip(settings.benchmarks, benchmarks, strict=True)]


def _described(one: Benchmark, known: BenchmarkPrints) -> dict[str, Any]:
    questions = images = missing = long = 0
    for files in known.files:
        table = read_table(files.table, known.fingerprint, FINGERPRINTS.names)
        shown = pc.list_flatten(table["images"])
        questions += len(table)
        images += len(shown)
        missing += pc.struct_field(shown, "content_hash").null_count if len(shown) else 0
        long += int(pc.sum(pc.greater(pc.list_value_length(table["ngrams"]), 0)).as_py() or 0)
    return {
        "name": one.name,
        "content": "fingerprint" if one.fingerprint is not None else "files",
        "questions": questions,
        "images": images,
        "missing_images": missing,
        "long_questions": long,
        "match_names": one.match_names,
    }
