"""plan: what a build would take, told from samples of its input; nothing of the run is made."""

from __future__ import annotations

import importlib
import json
import tempfile
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.build import build, job_module
from pipelines.build_run import BuildRun
from pipelines.build_settings import BuildSettings
from pipelines.engine.measured import MeasuredEngine
from pipelines.trial import of_trial
from transforms.configuration import load_settings
from transforms.errors import ConfigError
from transforms.planning.counting import count_images
from transforms.planning.estimate import Input, Measured, StageEstimate, estimate, stored_cost
from transforms.planning.meter import left_by, metered
from transforms.planning.prices import Prices
from transforms.planning.usage import Line, Usage, line_through
from transforms.stages import CHAIN, VOCABULARY
from transforms.storage import StoragePath


def run(settings: BuildSettings, sample: int, prices_path: str, costs_path: str | None, console: Console) -> None:
    """Print the plan. ``costs_path``: what an earlier plan measured, or where this one is to keep it."""
    prices = load_settings(prices_path, Prices)
    engine = MeasuredEngine()
    found = look(BuildRun(settings, engine, Console(quiet=True)))
    if costs_path is not None and StoragePath.of(costs_path).exists():
        measured = read_measured(costs_path)
    else:
        measured = measure(settings, sample, engine)
        if costs_path is not None:
            StoragePath.of(costs_path).write_text(json.dumps(to_dict(measured), indent=2) + "\n")
    print_plan(found, estimate(found, measured, prices), prices, console)


def look(run: BuildRun) -> Input:
    size_bytes = sum(shard.size_bytes for shard in run.inputs)
    is_remote = any(shard.path.root for shard in run.inputs)
    export, selected = run.settings.export, run.settings.balance.size
    images = count_images(run.inputs, run.sources)
    return Input(len(run.inputs), images, size_bytes, selected, export.samples_per_shard, is_remote)


def measure(settings: BuildSettings, sample: int, engine: MeasuredEngine) -> Measured:
    """The chain over half the sample and over all of it, each stage apart: two points tell what is fixed."""
    for stage in CHAIN:
        importlib.import_module(job_module(stage))  # or the first stage would pay for it
    with tempfile.TemporaryDirectory(prefix="evenweave-plan-") as folder:
        few, many = (
            _try_out(settings, samples, f"{folder}/{samples}", engine) for samples in (max(sample // 2, 1), sample)
        )
    lines = {stage: line_through(few.points[stage], many.points[stage]) for stage in many.points if stage in few.points}
    concepts = many.points[VOCABULARY.name][0]
    return Measured(lines, many.kept, many.shards, concepts, _has_gpu())


class _Trial:
    """``points``: (rows taken in, usage) by stage."""

    def __init__(self, shards: int) -> None:
        self.shards = shards
        self.points: dict[str, tuple[int, Usage]] = {}
        self.kept: dict[str, float] = {}


def _try_out(settings: BuildSettings, samples: int, output: str, engine: MeasuredEngine) -> _Trial:
    # a few rejects more than in the whole are no reason to end, and what another run holds is no measure
    asked = settings.model_copy(update={"max_reject_share": 1.0, "reuse": None})
    run = BuildRun(of_trial(asked, samples, output), engine, Console(quiet=True))
    return measure_stages(run, engine)


def measure_stages(run: BuildRun, engine: MeasuredEngine) -> _Trial:
    """Run the chain, each stage metered by itself."""
    trial = _Trial(len(run.inputs))
    for stage in CHAIN:
        if run.leaves_out(stage):
            continue
        with metered(lambda: engine.shuffled_bytes) as used:
            build(run, [stage])
        counts = run.state.counts(stage.name)
        trial.points[stage.name] = counts.rows_in, used() + left_by(stage, run.folder.root)
        trial.kept[stage.name] = counts.rows_out / max(counts.rows_in, 1)
    return trial


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def to_dict(measured: Measured) -> dict[str, Any]:
    lines = {stage: line.to_dict() for stage, line in measured.lines.items()}
    return {
        "lines": lines,
        "kept": dict(measured.kept),
        "shards": measured.shards,
        "concepts": measured.concepts,
        "encodes_on_gpu": measured.encodes_on_gpu,
    }


def read_measured(path: str) -> Measured:
    try:
        values = json.loads(StoragePath.of(path).read_text())
        lines = {stage: Line.from_dict(line) for stage, line in values.pop("lines").items()}
        return Measured(lines=lines, **values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is not what a plan has measured: {error!r}. Remove it to measure anew") from error


def print_plan(found: Input, estimates: Sequence[StageEstimate], prices: Prices, console: Console) -> None:
    about = f"{found.images:,.0f} images in {found.shards:,} shards, {_bytes(found.size_bytes)}"
    console.print(Text(f"{about}; {found.selected:,} are selected"), soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)  # nine columns in 80 characters
    names = ("rows", "CPU h", "GPU h", "read", "left", "shuffled", "calls", prices.currency)
    table.add_column("stage", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for one in estimates:
        table.add_row(one.stage, *_cells(one))
    table.add_section()
    table.add_row("together", *_cells(_together(estimates)))
    console.print(table)
    month = f"what is left costs {stored_cost(list(estimates), prices):,.2f} {prices.currency} a month to keep"
    console.print(Text(month), soft_wrap=True)


def _together(estimates: Sequence[StageEstimate]) -> StageEstimate:
    names = [name for name in StageEstimate.__dataclass_fields__ if name not in ("stage", "rows")]
    return StageEstimate("", 0, **{name: sum(getattr(one, name) for one in estimates) for name in names})


def _cells(one: StageEstimate) -> list[str]:
    sizes = [_bytes(size) for size in (one.read_bytes, one.stored_bytes, one.shuffled_bytes)]
    hours = [f"{hours:,.3g}" if hours < 1 else f"{hours:,.1f}" for hours in (one.cpu_hours, one.gpu_hours)]
    rows = f"{one.rows:,.0f}" if one.rows else ""
    return [rows, *hours, *sizes, f"{one.read_calls + one.write_calls:,.0f}", f"{one.cost:,.2f}"]


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} PB"
