"""The in-process engine with one worker, which keeps how many bytes a job grouped by key."""

from __future__ import annotations

from typing import Any

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings

_GROUP_BY_KEY = "beam:transform:group_by_key:v1"
_COUNT = "beam:metric:element_count:v1"
_SIZE = "beam:metric:sampled_byte_size:v1"


class MeasuredEngine(InProcessEngine):
    """``shuffled_bytes``: of all jobs so far. Beam counts elements, and looks at the size of some."""

    def __init__(self) -> None:
        super().__init__(RunnerSettings(workers=1))
        self.shuffled_bytes = 0.0

    def _ended(self, pipeline: Any, result: Any) -> None:
        graph = pipeline.to_runner_api()
        grouped = {
            collection
            for step in graph.components.transforms.values()
            if step.spec.urn == _GROUP_BY_KEY
            for collection in step.inputs.values()
        }
        counts: dict[str, float] = {}
        sizes: dict[str, float] = {}
        for infos in result._monitoring_infos_by_stage.values():
            for info in infos:
                _take(info, counts, sizes)
        self.shuffled_bytes += sum(counts.get(name, 0) * sizes.get(name, 0) for name in grouped)


def _take(info: Any, counts: dict[str, float], sizes: dict[str, float]) -> None:
    from apache_beam.metrics import monitoring_infos

    collection = info.labels.get("PCOLLECTION", "")
    if info.urn == _COUNT:
        counts[collection] = counts.get(collection, 0) + monitoring_infos.extract_counter_value(info)
    elif info.urn == _SIZE:
        looked_at, total, *_ = monitoring_infos.extract_distribution(info)
        sizes[collection] = total / max(looked_at, 1)
