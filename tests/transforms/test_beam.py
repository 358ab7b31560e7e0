"""What the wiring of every step shares."""

from __future__ import annotations

import pathlib

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from transforms import beam as shared
from transforms.datasets import ShardName
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


@pytest.mark.slow
@pytest.mark.parametrize("most_in_graph", [25, 24])
def test_the_same_elements_from_the_graph_and_from_files(
    tmp_path: pathlib.Path, most_in_graph: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "_MOST_IN_GRAPH", most_in_graph)
    monkeypatch.setattr(shared, "_BLOCK", 10)
    elements = [(number, ShardName("é", f"{number}")) for number in range(25)]
    folder = RunFolder(StoragePath.of(tmp_path), "f" * 16)
    with beam.Pipeline("BundleBasedDirectRunner") as pipeline:
        assert_that(pipeline | shared.CreateMany(folder, elements), equal_to(elements))
    assert len(folder.root.walk()) == (0 if most_in_graph == 25 else 3)
    folder.elements.remove()
    assert folder.root.walk() == []


def test_a_million_shards_are_a_small_graph(tmp_path: pathlib.Path) -> None:
    """Runners bound a graph; Dataflow's bound is 10 MB."""
    pipeline = beam.Pipeline()
    names = [ShardName("a" * 40, "b" * 40)] * 1_000_000
    _ = pipeline | shared.CreateMany(RunFolder(StoragePath.of(tmp_path), "f" * 16), names)
    assert len(pipeline.to_runner_api().SerializeToString()) < 100_000
