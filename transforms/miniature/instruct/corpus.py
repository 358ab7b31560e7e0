"""The corpus on disk: sources, how to read them, benchmark, lists, and the truth in a folder of its own."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby

import pyarrow as pa

from transforms.at_rest import read_json
from transforms.configuration import fingerprint
from transforms.datasets import write_table
from transforms.errors import RunFolderError
from transforms.instruct.safety.hash_lists import md5, pdq
from transforms.miniature.instruct.benchmark import answers
from transforms.miniature.instruct.declared import write_declared
from transforms.miniature.instruct.dialogue import question_of
from transforms.miniature.instruct.painting import Painted, name_of, paint
from transforms.miniature.instruct.plan import Plan, plan_of
from transforms.miniature.instruct.rendering import render
from transforms.miniature.instruct.rows import Language, Picture
from transforms.miniature.instruct.scene_questions import UNSAFE_CONCEPTS
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.instruct.sources import SOURCES
from transforms.miniature.instruct.truth import benchmark_table, groups_of, keys_of, rows_table
from transforms.miniature.instruct.unsafe import BLOCKED
from transforms.miniature.instruct.writers import write_source
from transforms.storage import StoragePath

#: Raised whenever the same settings would make other bytes.
GENERATOR_VERSION = 3

_CHUNK = 64  # pictures that a process paints at once
_MARK = "instruct_corpus.json"


def corpus_fingerprint(settings: InstructCorpusSettings) -> str:
    """Of the settings and the generator: equal for equal bytes."""
    return fingerprint("instruct corpus", GENERATOR_VERSION, settings)


def rows_path(folder: StoragePath) -> StoragePath:
    """The truth about every record. Written last: its presence says that all is there."""
    return folder / "truth/rows.parquet"


def write_corpus(
    folder: StoragePath,
    settings: InstructCorpusSettings,
    processes: int = 1,
    painted_more: Callable[[int, int], None] | None = None,
) -> None:
    """Make the corpus, unless it is there. The same bytes for the same settings, whatever the ``processes``.

    ``painted_more`` hears how many pictures are painted, and of how many. Raises RunFolderError where the folder holds
    a corpus of other settings.
    """
    identity = _claim(folder, settings)
    if rows_path(folder).is_file():
        return
    plan = plan_of(settings)
    painted = _paint_all(settings.seed, plan.pictures(), processes, painted_more)
    by_source = plan.by_source()
    keys, groups = keys_of(by_source), groups_of(plan.rows)
    tables = []
    for source in SOURCES:
        rendered = [render(settings.seed, row, painted) for row in by_source[source.name]]
        write_source(folder / f"sources/{source.name}", source, rendered)
        tables.append(rows_table(source, rendered, keys, groups))
    write_declared(folder)
    _write_benchmark(folder / "benchmark", settings.seed, plan, painted)
    _write_lists(folder, settings.seed, plan, painted)
    benchmark = benchmark_table(settings.seed, plan.questions, plan.rows, keys)
    write_table(folder / "truth/benchmark.parquet", benchmark, identity)
    write_table(rows_path(folder), pa.concat_tables(tables), identity)


def _claim(folder: StoragePath, settings: InstructCorpusSettings) -> str:
    mark, identity = folder / _MARK, corpus_fingerprint(settings)
    if mark.exists():
        found = read_json(mark).get("fingerprint")
        if found != identity:
            raise RunFolderError(
                f"{folder} holds an instruction corpus of other settings ({found}, now {identity}). "
                "Choose another folder, or delete this one to make it anew."
            )
    else:
        values = {"fingerprint": identity, "generator_version": GENERATOR_VERSION, "settings": settings.identity()}
        mark.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
    return identity


def _paint_all(
    seed: int, pictures: list[Picture], processes: int, painted_more: Callable[[int, int], None] | None
) -> dict[Picture, Painted]:
    painted: dict[Picture, Painted] = {}
    for part in _painted_parts(seed, list(_chunks(pictures)), processes):
        painted.update(part)
        if painted_more is not None:
            painted_more(len(painted), len(pictures))
    return painted


def _painted_parts(seed: int, chunks: list[list[Picture]], processes: int) -> Iterator[list[tuple[Picture, Painted]]]:
    seeds = [seed] * len(chunks)
    if processes == 1:
        yield from map(paint, seeds, chunks)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(paint, seeds, chunks)


def _chunks(pictures: list[Picture]) -> Iterator[list[Picture]]:
    """All that is made of one drawing in one chunk."""
    chunk: list[Picture] = []
    for _, same in groupby(pictures, key=lambda picture: (picture.kind, picture.number)):
        chunk += same
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _write_benchmark(folder: StoragePath, seed: int, plan: Plan, painted: dict[Picture, Painted]) -> None:
    lines = []
    for question in plan.questions:
        line = {
            "question_id": question.id,
            "question": question_of(question.exchange, Language.ENGLISH),
            "answer": answers(question),
        }
        if question.picture is not None:
            one = painted[question.picture]
            line["image"] = f"images/{name_of(seed, question.picture)}.{one.extension}"
            (folder / line["image"]).write_bytes(one.data)
        lines.append(json.dumps(line) + "\n")
    (folder / "questions.jsonl").write_text("".join(lines))


def _write_lists(folder: StoragePath, seed: int, plan: Plan, painted: dict[Picture, Painted]) -> None:
    """Block lists by language, names of what is not to be shown, and hashes; the pictures hashed lie with the truth."""
    for language, words in BLOCKED.items():
        (folder / f"lists/blocked_words_{language}.txt").write_text("\n".join(words) + "\n")
    (folder / "lists/unsafe_concepts.txt").write_text("\n".join(UNSAFE_CONCEPTS) + "\n")
    sums, looks = [], []
    for picture in plan.listed:
        one = painted[picture]
        (folder / f"truth/listed/{name_of(seed, picture)}.{one.extension}").write_bytes(one.data)
        sums.append(md5(one.data).hex())
        if (look := pdq(one.data)) is not None:
            looks.append(look.hex())
    for name, hashes in (("md5", sums), ("pdq", looks)):  # as such lists are
        (folder / f"lists/{name}.txt").write_text("\n".join(hashes) + "\n")
