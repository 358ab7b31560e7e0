"""The in-process engine with one worker, which keeps how many bytes a job grouped by key."""

from __future__ import annotations

from typing import Any

from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.worker.bundle_processor import DATA_OUTPUT_URN

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings

_COUNT = "beam:metric:element_count:v1"
_SIZE = "beam:metric:sampled_byte_size:v1"
_GROUPED = b"group:"  # what the name of a buffer begins with that is read by key


class _WatchingRunner(FnApiRunner):  # type: ignore[misc]
    """Keeps what is written to be grouped once Beam has its stages: sums are begun before that, as all runners do."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.grouped: set[str] = set()

    def create_stages(self, pipeline_proto: Any) -> Any:
        context, stages = super().create_stages(pipeline_proto)
        for step in (step for stage in stages for step in stage.transforms):
            if step.spec.urn == DATA_OUTPUT_URN and step.spec.payload.startswith(_GROUPED):
                self.grouped.update(step.inputs.values())
        return context, stages


class MeasuredEngine(InProcessEngine):
    """``shuffled_bytes``: of all jobs so far. Beam counts elements, and looks at the size of some."""

    def __init__(self) -> None:
        super().__init__(RunnerSettings(workers=1))
        self.shuffled_bytes = 0.0

    def _runner(self, environment: Any) -> FnApiRunner:
        self._watching = _WatchingRunner(default_environment=environment)
        return self._watching

    def _ended(self, result: Any) -> None:
        counts: dict[str, float] = {}
        sizes: dict[str, float] = {}
        for infos in result._monitoring_infos_by_stage.values():
            for info in infos:
                _take(info, counts, sizes)
        self.shuffled_bytes += sum(counts.get(name, 0) * sizes.get(name, 0) for name in self._watching.grouped)


def _take(info: Any, counts: dict[str, float], sizes: dict[str, float]) -> None:
    from apache_beam.metrics import monitoring_infos

    collection = info.labels.get("PCOLLECTION", "")
    if info.urn == _COUNT:
        counts[collection] = counts.get(collection, 0) + monitoring_infos.extract_counter_value(info)
    elif info.urn == _SIZE:
        looked_at, total, *_ = monitoring_infos.extract_distribution(info)
        sizes[collection] = total / max(looked_at, 1)
