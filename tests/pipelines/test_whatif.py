"""evenweave whatif: from the sample, exactly, and what it refuses."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pytest
from rich.console import Console

from pipelines import whatif
from pipelines.build_settings import BuildSettings
from tests.transforms.balancing.corpus import random_ids, write_corpus
from tests.transforms.balancing.passes import run_passes
from transforms.balancing.certificate import read_certificate
from transforms.balancing.passes import ShardReader
from transforms.configuration import load_settings
from transforms.datasets import write_table
from transforms.errors import ConfigError, RunFolderError
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath

V = 50
CONFIG = str(pathlib.Path(__file__).parents[2] / "configs" / "build" / "mini.yaml")


def balanced(root: pathlib.Path, size: int, is_typed: bool = True) -> RunFolder:
    """A run as far as balance: what whatif reads of one."""
    overrides = [f"balance.size={size}", "balance.min_similarity=0", "balance.even.floor=5"]
    settings = load_settings(CONFIG, BuildSettings, overrides)
    types = {f"concept {row}": "scene" if row % 5 else "entity" for row in range(V)}
    folder, names = write_corpus(root, random_ids(1500, V, 4, 1), 3, V, types=types if is_typed else None)
    run_passes(ShardReader(folder, settings.balance), names, V)
    columns = {"source": [name.source for name in names], "shard": [name.shard for name in names]}
    write_table(folder.inputs, pa.table(columns), folder.fingerprint)
    state = RunState.open(folder, settings.as_resolved(), {})
    for stage, rows in (("vocabulary", V), ("balance", 1500)):
        state.finish(stage, Counts(rows, rows, {}))
    return folder


def files(root: pathlib.Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file() and "report" not in path.parts}


@pytest.mark.slow
def test_several_values_are_answered_and_drawn(tmp_path: pathlib.Path) -> None:
    folder = balanced(tmp_path, 300)
    before = files(tmp_path)
    console = Console(record=True, width=120)
    found = whatif.run(str(tmp_path), ["balance.size=300,600", "balance.even.floor=0,5"], False, console)
    assert [(one.size, one.floor) for one in found] == [(300, 0), (300, 5), (600, 0), (600, 5)]
    assert "What if" in console.export_text()
    assert (folder.report.parent / "frontier.png").read_bytes().startswith(b"\x89PNG")
    assert files(tmp_path) == before


@pytest.mark.slow
def test_shares_of_types_may_be_asked_for(tmp_path: pathlib.Path) -> None:
    balanced(tmp_path / "typed", 300)
    shares = "balance.even.target_by_type={entity: 0.4, scene: 0.6}"
    plain, asked = (
        whatif.run(str(tmp_path / "typed"), [*even], False, Console(quiet=True))[0] for even in ((), (shares,))
    )
    assert asked.evenness != plain.evenness  # of another target
    assert not plain.by_type and sum(asked.by_type.values()) == pytest.approx(1)
    assert asked.by_type["entity"] == pytest.approx(0.4, abs=0.1)
    (capped,) = whatif.run(str(tmp_path / "typed"), ["balance.even.caps.type={scene: 0.5}"], False, Console(quiet=True))
    assert capped.by_type == {"scene": pytest.approx(0.5, abs=0.05)}
    with pytest.raises(ConfigError, match=r"adds up to 0\.4"):
        whatif.run(str(tmp_path / "typed"), ["balance.even.target_by_type.entity=0.4"], False, Console(quiet=True))
    balanced(tmp_path / "plain", 300, is_typed=False)
    with pytest.raises(ConfigError, match="gives no concept a type"):
        whatif.run(str(tmp_path / "plain"), [shares], False, Console(quiet=True))


@pytest.mark.slow
def test_exactly_is_what_the_run_would_be(tmp_path: pathlib.Path) -> None:
    balanced(tmp_path / "run", 300)
    before = files(tmp_path / "run")
    shares = "balance.even.target_by_type={entity: 0.2, scene: 0.8}"
    (shared,) = whatif.run(str(tmp_path / "run"), [shares], True, Console(quiet=True))
    assert shared.by_type["scene"] == pytest.approx(0.8, abs=0.05)
    (found,) = whatif.run(str(tmp_path / "run"), ["balance.size=450"], True, Console())
    said = read_certificate(balanced(tmp_path / "other", 450))
    assert (found.evenness, found.free_draws) == (said["evenness"]["drawn"], said["chance"]["free_draws"])
    assert files(tmp_path / "run") == before


def test_what_cannot_be_varied(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        whatif.run(str(tmp_path / "nowhere"), [], False, Console())
    balanced(tmp_path, 300)
    with pytest.raises(ConfigError, match="only settings of balance can be varied"):
        whatif.run(str(tmp_path), ["encoder.model=x"], False, Console())
    with pytest.raises(ConfigError, match=r"balance\.siez: unknown key"):
        whatif.run(str(tmp_path), ["balance.siez=3"], False, Console())


def test_a_method_without_a_sample_is_told_how_to_ask(tmp_path: pathlib.Path) -> None:
    settings = load_settings(CONFIG, BuildSettings, ["balance.method=uniform"])
    state = RunState.open(RunFolder(StoragePath.of(tmp_path), "f" * 16), settings.as_resolved(), {})
    state.finish("balance", Counts(9, 9, {}))
    with pytest.raises(RunFolderError, match="balanced by uniform, which keeps no sample to ask: add --exact"):
        whatif.run(str(tmp_path), ["balance.size=300"], False, Console(quiet=True))
