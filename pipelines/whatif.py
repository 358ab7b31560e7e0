"""What another balance of a finished run would come to: from its stored sample, or exactly, by all passes."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.build_settings import BuildSettings
from pipelines.engine.choice import choose_engine
from pipelines.engine.engine import Engine
from transforms.balancing.cells import Cells
from transforms.balancing.certificate import read_certificate
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.measures import COVERED_IMAGES, covered
from transforms.balancing.methods.even import Even
from transforms.balancing.passes import ShardReader
from transforms.balancing.sample_table import read_sample
from transforms.balancing.sampling import Ints
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.whatif import Outcome, beside_the_run, what_if
from transforms.configuration import apply_override, validate
from transforms.datasets import ShardName, read_table
from transforms.errors import ConfigError, RunFolderError
from transforms.reporting.frontier import draw_frontier
from transforms.run_folder import RunFolder, RunState
from transforms.stages import BALANCE, VOCABULARY
from transforms.storage import StoragePath

PICTURE = "frontier.png"


@dataclass(frozen=True)
class _Scratch(RunFolder):
    """The annotations of a run, and a place apart for what another balance writes."""

    scratch: StoragePath

    @property
    def _apart(self) -> RunFolder:
        return RunFolder(self.scratch, self.fingerprint)

    @property
    def concepts(self) -> StoragePath:
        return self._apart.concepts

    @property
    def certificate(self) -> StoragePath:
        return self._apart.certificate

    @property
    def baselines(self) -> StoragePath:
        return self._apart.baselines

    @property
    def balance_sample(self) -> StoragePath:
        return self._apart.balance_sample

    def selection(self, source: str, shard: str) -> StoragePath:
        return self._apart.selection(source, shard)

    def counts(self, stage: str) -> StoragePath:
        return self._apart.counts(stage)


def run(uri: str, overrides: Sequence[str], exact: bool, console: Console) -> list[Outcome]:
    """An answer for each combination of the values that ``overrides`` give, a,b,c being three; several are drawn.

    Raises ConfigError for a setting that is none of balance, and for what cannot be had.
    """
    state = RunState.read(StoragePath.of(uri))
    if not state.is_done(BALANCE.name):
        raise RunFolderError(f"{uri} has no balance to vary: stage {BALANCE.name} is not done")
    settings = [_settings(state, chosen) for chosen in _combinations(overrides)]
    if exact:
        outcomes = [_exactly(state, one, choose_engine(one.runner, [])) for one in settings]
    else:
        if (method := state.values["config"]["balance"]["method"]) != Even.name:
            raise RunFolderError(
                f"{uri} was balanced by {method}, which keeps no sample to ask: add --exact, which passes over all "
                f"annotations, or balance by {Even.name}"
            )
        sample, inside = read_sample(state.folder)
        its_own = _settings(state, []).balance
        known = Cells.of(its_own)
        outcomes = [_from_sample(one.balance, state.folder, sample, inside, known) for one in settings]
        if not sample.is_whole:
            own = _from_sample(its_own, state.folder, sample, inside, known)
            outcomes = [beside_the_run(one, own, read_certificate(state.folder)) for one in outcomes]
    _print(outcomes, exact, console)
    if len(outcomes) > 1:
        picture = state.folder.report.parent / PICTURE
        picture.write_bytes(draw_frontier(outcomes))
        console.print(Text(f"Frontier: {picture}"), soft_wrap=True)
    return outcomes


def _from_sample(
    settings: BalanceSettings, folder: RunFolder, sample: WeighedSample, inside: Ints, known: Cells
) -> Outcome:
    target = ShardReader(folder, settings).target(len(inside))
    return what_if(settings, sample, inside, known, target)


def _combinations(overrides: Sequence[str]) -> list[list[str]]:
    choices = []
    for override in overrides:
        key, _, values = override.partition("=")
        if not key.startswith("balance."):
            raise ConfigError(f"--set {override}: only settings of balance can be varied, as balance.size=500,1000")
        one = values.startswith(("[", "{"))
        choices.append([f"{key}={value}" for value in ([values] if one else values.split(","))])
    return [list(chosen) for chosen in itertools.product(*choices)]


def _settings(state: RunState, overrides: Sequence[str]) -> BuildSettings:
    values = {**copy.deepcopy(state.values["config"]), "output": str(state.folder.root)}
    for override in overrides:
        apply_override(values, override)
    return validate(values, BuildSettings, str(state.folder.run_json))


def _exactly(state: RunState, settings: BuildSettings, engine: Engine) -> Outcome:
    """All passes of the stage, written apart and removed again."""
    from pipelines import balance  # it imports Beam

    folder = _Scratch(state.folder.root, state.folder.fingerprint, state.folder.certificate.parent / ".what-if")
    names = read_table(folder.inputs, folder.fingerprint, ["source", "shard"]).to_pylist()
    shards = [ShardName(row["source"], row["shard"]) for row in names]
    folder.scratch.remove()
    try:
        balance.run(folder, shards, settings.balance, state.counts(VOCABULARY.name).rows_out, engine)
        return _of_certificate(folder, settings.balance)
    finally:
        folder.scratch.remove()


def _of_certificate(folder: RunFolder, settings: BalanceSettings) -> Outcome:
    said = read_certificate(folder)
    after = read_table(folder.concepts, folder.fingerprint, ["count_after"])["count_after"].to_numpy()
    floor = said["floor"]["images"] if said["floor"] else 0
    target = ShardReader(folder, settings).target(len(after))
    shares = target.held(after.astype(np.float64))
    drawn, kept = said["evenness"]["drawn"], float(covered(after, COVERED_IMAGES))
    return Outcome(settings.size, floor, drawn, 0.0, kept, 0.0, said["chance"]["free_draws"], shares)


def _print(outcomes: Sequence[Outcome], exact: bool, console: Console) -> None:
    table = Table(title="What if" + (", exactly" if exact else ""), title_justify="left", title_style="bold")
    for name in ("size", "floor", "evenness", f"concepts with {COVERED_IMAGES} images", "choices left to chance"):
        table.add_column(name, justify="right")
    kinds = list(dict.fromkeys(kind for one in outcomes for kind in one.by_type))
    for kind in kinds:
        table.add_column(Text(kind), justify="right")
    for one in outcomes:
        even, kept = f"{one.evenness:.4f}", f"{one.covered:,.0f}"
        if not exact:
            even, kept = f"{even} ± {one.evenness_error:.4f}", f"{kept} ± {one.covered_error:.0f}"
        shares = (f"{one.by_type[kind]:.1%}" if kind in one.by_type else "" for kind in kinds)
        table.add_row(f"{one.size:,}", str(one.floor), even, kept, f"{one.free_draws:,.0f}", *shares)
    console.print(table)
