"""The whole chain of ``evenweave instruct`` over synthetic conversations, without a server: time and memory by step.

    python -m tests.benchmarks.bench_instruct_million --rows 1000000

What is drawn is told in :mod:`tests.benchmarks.million_conversations`. Memory is looked at twice a second at most: of
all processes together what they share counts once (proportional set size), and the greatest of the driver and of any
one worker stand beside. ``cpu_secs`` are those of all processes, which other work on the machine changes little. The
result is kept under the number of rows; the terminal shows each step as it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.benchmarks.harness import keep
from tests.benchmarks.million_conversations import draw, write_config
from tests.integration.conftest import ROOT

_STAGE = re.compile(r"✓ (\w+) +([\d,]+) in +([\d,]+) out .* rejected")
_OTHERS = {"certificate": "certify", "Report": "report"}  # by the first word of the line that each ends with
_SECS_BETWEEN_LOOKS = 0.5
_SHARE_OF_LOOKS = 0.02  # of the time, at most


@dataclass
class Watch:
    """What the processes of a driver take, until the next step is begun."""

    driver: psutil.Process
    peak: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("all_gb", "driver_gb", "worker_gb"), 0.0))
    ended: threading.Event = field(default_factory=threading.Event)
    _cpu_secs: dict[int, float] = field(default_factory=dict)

    def run(self) -> None:
        took_secs = 0.0
        while not self.ended.wait(max(_SECS_BETWEEN_LOOKS, took_secs / _SHARE_OF_LOOKS)):
            began = time.monotonic()
            with contextlib.suppress(psutil.Error):
                self._look()
            took_secs = time.monotonic() - began

    def next_step(self) -> dict[str, float]:
        """The peaks since the last one; and all processor seconds since the beginning."""
        found, self.peak = self.peak, dict.fromkeys(self.peak, 0.0)
        return {**found, "cpu_secs": sum(self._cpu_secs.values())}

    def _look(self) -> None:
        taken = []
        for one in (self.driver, *self.driver.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                taken.append(one.memory_full_info().pss / 1e9)
                times = one.cpu_times()
                self._cpu_secs[one.pid] = times.user + times.system
        if taken:
            now = {"all_gb": sum(taken), "driver_gb": taken[0], "worker_gb": max(taken[1:], default=0.0)}
            self.peak = {name: max(before, now[name]) for name, before in self.peak.items()}


def run_chain(config: pathlib.Path, workers: int, overrides: list[str]) -> list[dict[str, Any]]:
    """Each step in its order: name, rows that came in, seconds, processor seconds, peaks of memory in GB."""
    settings = ["--set", f"runner.workers={workers}", *(part for one in overrides for part in ("--set", one))]
    command = [sys.executable, "-m", "pipelines.main", "instruct", str(config), *settings]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "160", "NO_COLOR": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    watch = Watch(psutil.Process(process.pid))
    watcher = threading.Thread(target=watch.run)
    watcher.start()
    steps: list[dict[str, Any]] = []
    began, cpu_before = time.monotonic(), 0.0
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        stage, name = _STAGE.match(line), _OTHERS.get(line.split(":")[0])
        if stage is None and name is None:
            continue
        now, taken = time.monotonic(), watch.next_step()
        cpu_secs, cpu_before = taken["cpu_secs"] - cpu_before, taken["cpu_secs"]
        rows = int(stage[2].replace(",", "")) if stage else steps[-1]["rows"]
        if stage and stage[1] == "standardise":
            rows = int(stage[3].replace(",", ""))
        secs, began = now - began, now
        steps.append({"step": stage[1] if stage else name, "rows": rows, **taken, "secs": secs, "cpu_secs": cpu_secs})
    watch.ended.set()
    watcher.join()
    if process.wait():
        raise SystemExit(f"the chain ended with status {process.returncode}")
    return steps


def print_steps(steps: list[dict[str, Any]]) -> None:
    print(f"{'step':<14}{'rows':>10}{'secs':>9}{'cpu secs':>10}{'rows/s':>9}{'all GB':>8}{'driver':>8}{'worker':>8}")
    for one in steps:
        rate = one["rows"] / max(one["secs"], 1e-9)
        memory = "".join(f"{one[name]:>8.2f}" for name in ("all_gb", "driver_gb", "worker_gb"))
        print(f"{one['step']:<14}{one['rows']:>10,}{one['secs']:>9.1f}{one['cpu_secs']:>10.1f}{rate:>9,.0f}{memory}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=pathlib.Path, help="where sets are drawn, or were before; kept afterwards")
    parser.add_argument("--set", action="append", default=[], help="another setting of the run")
    parser.add_argument("--note", default="", help="kept beside the figures: what else the machine did")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.folder
        if folder is None:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="instruct-million-")))
        config, began = folder / "million.yaml", time.monotonic()
        if not config.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_config(folder, draw(folder, options.rows))
        drawing_secs = time.monotonic() - began
        shutil.rmtree(folder / "run", ignore_errors=True)
        load = os.getloadavg()[0]
        steps = run_chain(config, options.workers, options.set)
        run_gb = sum(path.stat().st_size for path in (folder / "run").rglob("*") if path.is_file()) / 1e9
    print_steps(steps)
    secs = sum(one["secs"] for one in steps)
    keep(
        f"instruct_{options.rows}",
        rows=options.rows,
        workers=options.workers,
        note=options.note,
        load_before=load,
        drawing_secs=drawing_secs,
        secs=secs,
        cpu_secs=sum(one["cpu_secs"] for one in steps),
        rows_a_second=options.rows / secs,
        peak_memory_gb=max(one["all_gb"] for one in steps),
        peak_driver_gb=max(one["driver_gb"] for one in steps),
        peak_worker_gb=max(one["worker_gb"] for one in steps),
        run_folder_gb=run_gb,
        steps=[
            {name: round(value, 3) if isinstance(value, float) else value for name, value in one.items()}
            for one in steps
        ],
    )


if __name__ == "__main__":
    main()
