from __future__ import annotations

import pathlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import random_ids, selected_copies, write_corpus
from tests.transforms.balancing.passes import run_passes
from tests.transforms.synthetic_annotations import list_column, write_annotations
from transforms.balancing.methods import METHODS
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.tally import KeyedSample
from transforms.datasets import ShardName, read_counts, read_table, write_table
from transforms.errors import EvenweaveError, RunFolderError
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


def balance(root: pathlib.Path, ids: np.ndarray, shards: int, values: dict, **corpus) -> dict[str, int]:  # type: ignore[no-untyped-def,type-arg]
    folder, names = write_corpus(root, ids, shards, 50, **corpus)
    run_passes(ShardReader(folder, BalanceSettings.model_validate(values)), names, 50)
    return selected_copies(folder, names)


@pytest.mark.slow
@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(METHODS)),
    st.integers(1, 3),
    st.floats(0.01, 1),
    st.integers(2, 6),
    st.booleans(),
    st.integers(0, 99),
)
def test_exact_and_the_same_in_any_shards(
    tmp_path_factory: pytest.TempPathFactory,
    method: str,
    max_copies: int,
    share: float,
    shards: int,
    strata: bool,
    seed: int,
) -> None:
    ids = random_ids(400, 50, 4, seed)
    langs = ["en" if row % 3 else "zh" for row in range(400)]  # 266 and 134
    sizes = {"en": max(1, int(share * 230 * max_copies)), "zh": max(1, int(share * 110 * max_copies) // 2)}
    values = {"method": method, "size": sum(sizes.values()), "max_copies": max_copies, "seed": seed}
    values |= {"even": {"floor": 0}, "max_sample_rows": 150}  # a size so small can keep no floor
    if strata:
        values["strata"] = {"by": "lang", "sizes": sizes}
    one = balance(tmp_path_factory.mktemp("one"), ids, 1, values, langs=langs)
    many = balance(tmp_path_factory.mktemp("many"), ids, shards, values, langs=langs)
    assert one == many
    assert sum(one.values()) == values["size"]
    assert max(one.values()) <= max_copies
    if strata:
        chinese = sum(copies for key, copies in one.items() if int(key[1:]) % 3 == 0)
        assert chinese == sizes["zh"]


def test_duplicates_are_neither_counted_nor_chosen(tmp_path: pathlib.Path) -> None:
    ids = random_ids(300, 50, 4, 0)
    duplicates = set(range(0, 300, 4))
    folder, names = write_corpus(tmp_path / "all", ids, 3, 50, duplicates=duplicates)
    settings = BalanceSettings(method="inverse_frequency", size=225)
    outcome = run_passes(ShardReader(folder, settings), names, 50)
    assert (outcome.counts.rows_in, outcome.counts.rows_out, outcome.counts.rejected) == (225, 225, 0)
    assert set(selected_copies(folder, names)) == {f"k{row}" for row in range(300) if row not in duplicates}
    with pytest.raises(EvenweaveError, match=r"asks for 226 images of the corpus, which holds 225"):
        balance(tmp_path / "more", ids, 3, {"method": "uniform", "size": 226}, duplicates=duplicates)


def test_strata_by_source_take_nothing_from_others(tmp_path: pathlib.Path) -> None:
    ids = random_ids(300, 50, 4, 0)
    folder, names = write_corpus(tmp_path, ids, 4, 50)
    settings = BalanceSettings.model_validate({"size": 40, "strata": {"by": "source", "sizes": {"b": 40}}})
    run_passes(ShardReader(folder, settings), names, 50)
    chosen = {name: read_table(folder.selection(*name), folder.fingerprint).num_rows for name in names}
    assert sum(rows for name, rows in chosen.items() if name.source == "b") == 40
    assert all(rows == 0 for name, rows in chosen.items() if name.source == "a")


@pytest.mark.slow
def test_selection_holds_what_the_schema_says(tmp_path: pathlib.Path) -> None:
    ids = random_ids(200, 50, 4, 1)
    folder, names = write_corpus(tmp_path, ids, 2, 50)
    outcome = run_passes(ShardReader(folder, BalanceSettings(size=300, max_copies=2)), names, 50)
    tables = [read_table(folder.selection(*name), folder.fingerprint) for name in names]
    rows = [row for table in tables for row in table.to_pylist()]
    assert all(abs(row["copies"] - row["inclusion_probability"]) < 1 for row in rows)
    assert tables[0]["shard"].unique().to_pylist() == [names[0].shard]
    order = [int(key[1:]) for key in tables[0]["key"].to_pylist()]
    assert order == sorted(order)
    concepts = read_table(folder.concepts, folder.fingerprint)
    after = np.zeros(50, int)
    for row in rows:
        held = ids[int(row["key"][1:])]
        after[held[held >= 0]] += row["copies"]
    assert concepts["count_after"].to_pylist() == after.tolist() == outcome.count_after.tolist()
    assert concepts["count_before"].to_pylist() == np.bincount(ids[ids >= 0], minlength=50).tolist()


def test_concepts_below_the_threshold_do_not_count(tmp_path: pathlib.Path) -> None:
    folder = RunFolder(StoragePath.of(tmp_path), "f" * 16)
    name = ShardName("a", "0")
    scores = np.array([[0.3, 0.2], [0.25, 0.1]], dtype=np.float16)
    ids, columns = np.array([[0, 1], [1, 2]], np.int32), {"concept_scores": list_column(scores)}
    write_annotations(folder, name, ["x", "y"], np.arange(2, dtype=np.uint64), ids, **columns)
    reader = ShardReader(folder, BalanceSettings(size=1, min_similarity=0.25))
    assert reader.concepts(reader.read(name)).tolist() == [[0, -1], [1, -1]]


def test_an_empty_shard_is_read_and_written(tmp_path: pathlib.Path) -> None:
    ids = random_ids(3, 50, 4, 0)
    folder, names = write_corpus(tmp_path, ids, 5, 50)  # the last two shards are empty
    outcome = run_passes(ShardReader(folder, BalanceSettings(method="uniform", size=2)), names, 50)
    assert outcome.copies == 2
    assert all(folder.selection(*name).exists() for name in names)


def test_a_selection_of_other_settings_is_refused(tmp_path: pathlib.Path) -> None:
    folder, names = write_corpus(tmp_path, random_ids(30, 50, 4, 0), 2, 50)
    settings = BalanceSettings(method="uniform", size=2)
    run_passes(ShardReader(folder, settings), names, 50)
    path = folder.selection(*names[0])
    write_table(path, read_table(path, folder.fingerprint), "e" * 16)
    with pytest.raises(RunFolderError, match="was made with settings e"):
        run_passes(ShardReader(folder, settings), names, 50)


@given(st.integers(1, 40), st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_keyed_sample_is_the_same_in_any_parts(limit: int, sizes: list[int]) -> None:
    hashes = np.random.default_rng(0).permutation(sum(sizes)).astype(np.uint64)
    ids = hashes.astype(np.int32)[:, None]
    total, start = KeyedSample(limit), 0
    for size in sizes:
        part = KeyedSample(limit)
        part.add(hashes[start : start + size], ids[start : start + size])
        total += part
        start += size
    assert total.images().ravel().tolist() == list(range(min(limit, sum(sizes))))


def test_rows_in_no_named_stratum_are_counted(tmp_path: pathlib.Path) -> None:
    langs = ["en", "zh", "und", "fr"] * 100
    strata = {"by": "lang", "sizes": {"en": 40, "zh": 20}}
    settings = BalanceSettings.model_validate({"method": "uniform", "size": 60, "strata": strata})
    folder, names = write_corpus(tmp_path, random_ids(400, 50, 4, 0), 3, 50, langs=langs)
    run_passes(ShardReader(folder, settings), names, 50)
    counts = [read_counts(folder.selection(*name), folder.fingerprint) for name in names]
    total = sum(counts[1:], start=counts[0]).to_dict()
    assert total == {"rows_in": 400, "rows_out": 60, "rejects": {"not_selected": 140, "outside_strata": 200}}


def test_a_stratum_too_small_says_how_many_rows_have_no_stratum(tmp_path: pathlib.Path) -> None:
    settings = {"method": "uniform", "size": 120, "strata": {"by": "lang", "sizes": {"en": 20, "zh": 100}}}
    with pytest.raises(EvenweaveError, match=r"'zh', which holds 40 .* 120 images have no lang that"):
        balance(tmp_path, random_ids(200, 50, 4, 0), 2, settings, langs=["en", "zh", "und", "fr", "und"] * 40)
