"""Measure both sides in one run, print the ratio, keep the result with hardware and date."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
import time
from collections.abc import Callable
from typing import Any

RESULTS = pathlib.Path(__file__).parent / "results"


def best_secs(function: Callable[[], Any], repeats: int = 3) -> float:
    """Least wall-clock seconds of ``repeats`` calls: the least disturbed one."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def hardware() -> str:
    """Processor and cores, and the GPU where there is one."""
    name = platform.processor() or platform.machine()
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    text = f"{name}, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores"
    try:
        import torch

        if torch.cuda.is_available():
            text += f", {torch.cuda.get_device_name()}"
    except ImportError:
        pass
    return text


def keep(name: str, **figures: Any) -> None:
    """Print the figures, a line each, and write them to results/<name>.json."""
    record = {"benchmark": name, "date": datetime.date.today().isoformat(), "hardware": hardware(), **figures}
    width = max(len(key) for key in record)
    for key, value in record.items():
        print(f"{key:<{width}}  {value:.4g}" if isinstance(value, float) else f"{key:<{width}}  {value}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
