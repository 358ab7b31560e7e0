"""Rejected duplicates name the key of the image that is kept, in whatever shard it lies."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pytest

from pipelines import deduplicate
from pipelines.engine.choice import choose_engine
from pipelines.engine.settings import RunnerSettings
from transforms.datasets import ShardName, annotations_schema, read_counts, read_table, write_table
from transforms.deduplicating import keepers
from transforms.deduplicating.corpus_size import CorpusSize
from transforms.deduplicating.matching import DUPLICATE, DuplicateKind, locations
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.keyed import mix64, sample_ids
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

SHARDS, ROWS = 5, 40
NEAR = 3  # bits


def corpus(root: pathlib.Path) -> tuple[RunFolder, list[ShardName], dict[str, tuple[bytes, int, int]]]:
    """Annotations with copies across shards; of each key its content hash, perceptual hash and priority."""
    folder, random = RunFolder(StoragePath.of(root), "f" * 16), np.random.default_rng(0)
    hashes = random.integers(0, 1 << 63, 60, dtype=np.uint64)
    rows: dict[str, tuple[bytes, int, int]] = {}
    names = [ShardName(f"source_{number % 2}", f"part {number}") for number in range(SHARDS)]
    for name in names:
        keys = [f"{name.shard}/é{row}" for row in range(ROWS)]
        which = random.integers(0, len(hashes), ROWS)
        flipped = random.integers(0, 2, ROWS)  # the same picture in other bytes, 2 bits away
        content = [np.array([0, a * 2 + b], dtype="<u8").tobytes() for a, b in zip(which, flipped, strict=True)]
        perceptual = hashes[which] ^ (flipped.astype(np.uint64) * np.uint64(0b101))
        ids = sample_ids(name.source, name.shard, keys)
        priority = mix64(np.asarray(ids), 0, "deduplicate")
        rows |= zip(keys, zip(content, perceptual.tolist(), priority.tolist(), strict=True), strict=True)
        schema = annotations_schema(1)
        nulls = {field.name: pa.nulls(ROWS, field.type) for field in schema}
        known = {"key": keys, "sample_id": ids, "content_hash": content, "perceptual_hash": perceptual}
        table = pa.table(nulls | known, schema=schema)
        write_table(folder.annotations(*name), table, folder.fingerprint, Counts(ROWS, ROWS))
    listed = {"source": [name.source for name in names], "shard": [name.shard for name in names]}
    write_table(folder.inputs, pa.table(listed), folder.fingerprint)
    return folder, names, rows


def rejects(folder: RunFolder, names: list[ShardName]) -> dict[str, tuple[str, str]]:
    tables = [
        read_table(path, folder.fingerprint).to_pylist()
        for name in names
        if (path := folder.rejects("deduplicate", *name)).exists()
    ]
    return {row["key"]: (row["reason"], row["detail"]) for table in tables for row in table}


@pytest.mark.parametrize("piece_rows", [3, 1 << 20])
def test_the_key_named_is_that_of_a_copy(
    tmp_path: pathlib.Path, piece_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "_PIECE_ROWS", piece_rows)
    folder, names, rows = corpus(tmp_path)
    size = CorpusSize(len(names), len(rows))
    deduplicate.run(folder, size, DeduplicateSettings(partitions=3), choose_engine(RunnerSettings(workers=1), []))
    found = rejects(folder, names)
    of_shard = {f"{name.source}/{name.shard}": name.shard for name in names}
    for key, (reason, detail) in found.items():
        named, place = detail.split(" of ", 1)[1].rsplit(" in ", 1)
        assert named.startswith(of_shard[place] + "/")
        content, perceptual, priority = rows[key]
        kept_content, kept_perceptual, kept_priority = rows[named]
        assert kept_priority > priority
        assert (reason == "exact_duplicate") == (kept_content == content)
        assert (perceptual ^ kept_perceptual).bit_count() <= NEAR
    kept = [row for key, row in rows.items() if key not in found]
    assert len({row[1] & ~0b101 for row in kept}) == len(kept) < len(rows)
    counted = sum((read_counts(folder.annotations(*name), folder.fingerprint) for name in names), start=Counts())
    assert counted.rows_in == len(kept) + len(found)


def test_pieces_hold_all_and_no_more_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "_PIECE_ROWS", 4)
    duplicates = np.zeros(10, dtype=DUPLICATE)
    duplicates["location"], duplicates["kind"] = locations(7, 10), DuplicateKind.EXACT
    duplicates["keeper"] = [*locations(1, 1), *locations(2, 9)]
    pieces = list(keepers.by_keeper(duplicates))
    assert [(key, len(piece)) for key, piece in pieces] == [((1, 0), 1), ((2, 0), 4), ((2, 1), 4), ((2, 2), 1)]
    assert np.concatenate([piece for _, piece in pieces])["location"].tolist() == duplicates["location"].tolist()
    assert list(keepers.by_keeper(duplicates[:0])) == []


def test_duplicates_of_a_keeper_stay_in_their_order() -> None:
    """Among many, where a sort that is not stable would mix them."""
    duplicates = np.zeros(3000, dtype=DUPLICATE)
    duplicates["location"] = np.arange(3000)
    duplicates["keeper"] = (np.arange(3000, dtype=np.uint64) % np.uint64(3)) << np.uint64(32)
    for (number, _), piece in keepers.by_keeper(duplicates):
        assert piece["location"].tolist() == list(range(number, 3000, 3))


def test_of_several_reasons_the_strongest_keeps_its_key() -> None:
    near = np.array([(5, DuplicateKind.NEAR, 1, 8), (6, DuplicateKind.NEAR, 0, 9)], dtype=DUPLICATE)
    exact = np.array([(5, DuplicateKind.EXACT, 0, 7)], dtype=DUPLICATE)
    parts = [keepers.NamedDuplicates(near, pa.array(["k8", "k9"])), keepers.NamedDuplicates(exact, pa.array(["k7"]))]
    merged = keepers.merge_named(parts)
    assert merged.duplicates.tolist() == [*exact.tolist(), near[1].item()]
    assert merged.keeper_keys.to_pylist() == ["k7", "k9"]
    nothing = keepers.merge_named([])
    assert (nothing.duplicates.dtype, len(nothing.duplicates), nothing.keeper_keys.to_pylist()) == (DUPLICATE, 0, [])
