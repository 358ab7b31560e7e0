"""An engine that builds each job's graph and runs none of them: what a job hands over, whatever runner it is for."""

from __future__ import annotations

from collections.abc import Callable

import apache_beam as beam

from pipelines.engine.engine import Engine
from pipelines.engine.graph_building import PipelineOptions, functions_looked_through_once


class GraphOnlyEngine(Engine):
    """``graph_bytes``: of the graph of each job, by its name, as a runner is handed it."""

    def __init__(self) -> None:
        self.graph_bytes: dict[str, int] = {}

    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:  # noqa: ARG002
        with functions_looked_through_once():
            pipeline = beam.Pipeline(options=PipelineOptions([]))
            build(pipeline)
            self.graph_bytes[str(self.job)] = len(pipeline.to_runner_api().SerializeToString())
