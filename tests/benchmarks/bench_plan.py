"""What ``evenweave plan`` says of the embedded corpus beside what its run uses.

    python -m tests.benchmarks.bench_plan

Both are of one worker, and seconds are those of cores, not of a clock, so that other work on the machine tells little.
The plan sees 1,000 of the 20,000 images; the run is the whole chain. A ratio is what was said over what was used.
"""

from __future__ import annotations

import os
import tempfile

from rich.console import Console

from pipelines import plan
from pipelines.build_run import BuildRun
from pipelines.build_settings import BuildSettings
from pipelines.engine.measured import MeasuredEngine
from pipelines.job_options import as_overrides
from tests.benchmarks.harness import keep
from transforms.configuration import load_settings
from transforms.planning.estimate import StageEstimate, estimate
from transforms.planning.prices import Prices
from transforms.planning.usage import Usage

SAMPLE = 1000
AMOUNTS = ("read_bytes", "stored_bytes", "shuffled_bytes")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        overrides = [f"miniature.folder={folder}/corpus", f"sources.0.path={folder}/corpus/shards"]
        settings = load_settings("configs/build/mini.yaml", BuildSettings, as_overrides(overrides, f"{folder}/run"))
        engine = MeasuredEngine()
        run = BuildRun(settings, engine, Console(quiet=True))
        found = plan.look(run)
        said = estimate(
            found, plan.measure(settings, SAMPLE, engine), load_settings("configs/plan/prices.yaml", Prices)
        )
        used = plan.measure_stages(run, engine).points
    figures = {}
    for one in said:
        figures |= {f"{one.stage}_{name}": value for name, value in compared(one, used[one.stage][1]).items()}
    together = {name: sum(usage.to_dict()[name] for _, usage in used.values()) for name in ("cpu_secs", *AMOUNTS)}
    hours = sum(one.cpu_hours for one in said) * 3600 / together["cpu_secs"]
    ratios = {f"{name}_ratio": sum(getattr(one, name) for one in said) / together[name] for name in AMOUNTS}
    keep("plan", sample=SAMPLE, load_average=os.getloadavg()[0], **figures, cpu_secs_ratio=hours, **ratios)


def compared(said: StageEstimate, used: Usage) -> dict[str, float]:
    return {
        "cpu_secs_said": said.cpu_hours * 3600,
        "cpu_secs_used": used.cpu_secs,
        **{f"{name}_said": getattr(said, name) for name in AMOUNTS},
        **{f"{name}_used": getattr(used, name) for name in AMOUNTS},
    }


if __name__ == "__main__":
    main()
