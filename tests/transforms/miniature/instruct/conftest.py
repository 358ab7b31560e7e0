"""One small corpus for all tests of the folder, and its truth."""

from __future__ import annotations

import json
import pathlib

import pyarrow.parquet as pq
import pytest

from transforms.miniature.instruct.corpus import rows_path, write_corpus
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.storage import StoragePath

SETTINGS = InstructCorpusSettings(rows=700, seed=5)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("instruct")
    write_corpus(StoragePath.of(folder), SETTINGS)
    return folder


@pytest.fixture(scope="session")
def truth(corpus) -> list[dict]:
    return pq.read_table(rows_path(StoragePath.of(corpus)).path).to_pylist()


@pytest.fixture(scope="session")
def lines(corpus) -> dict[tuple[str, str], list[str]]:
    """(source, file) → the lines of JSON Lines, or the records of JSON, each as text."""
    found = {}
    for path in sorted((corpus / "sources").glob("*/part-*.json*")):
        text = path.read_text()
        # not splitlines: mojibake holds U+0085, which it takes for the end of a line
        records = (
            text.rstrip("\n").split("\n") if path.suffix == ".jsonl" else [json.dumps(one) for one in json.loads(text)]
        )
        found[path.parent.name, path.name] = records
    return found
