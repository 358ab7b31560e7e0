"""How a job is run; apart from the engines so that reading a configuration does not import Beam."""

from __future__ import annotations

import os
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pipelines.engine.cluster_settings import FlinkSettings, SparkSettings
from pipelines.engine.dataflow_settings import DataflowSettings
from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.stages import ANNOTATE, STAGES, VOCABULARY

RunnerName = Literal["direct", "spark", "flink", "dataflow"]

#: Stages with a step that loads a model, and so may ask for other machines than the rest.
_WITH_A_MODEL = (VOCABULARY.name, ANNOTATE.name)


def available_cores() -> int:
    """Cores that this process may use (a container may own fewer than the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class StageResources(Settings):
    """What one stage alone is given."""

    flags: list[str] = Field([], description="for Beam, behind runner.flags")
    hints: dict[str, str] = Field(
        {},
        description="Beam's resource hints of the step that loads the model, which dataflow heeds: "
        "accelerator, min_ram; of vocabulary and annotate alone",
    )
    machine_type: str | None = Field(
        None, min_length=1, description="of its workers on dataflow, in place of that of all"
    )
    max_workers: int | None = Field(None, ge=1, description="machines at most on dataflow, in place of that of all")


class RunnerSettings(Settings):
    """How a job is run. Nothing here changes a byte of the output."""

    name: RunnerName = Field(
        "direct",
        description="direct: worker processes of this machine; spark, flink: through Beam's job server, on this "
        "machine or a cluster; dataflow: on Google Cloud",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    workers: int | None = Field(
        None,
        ge=1,
        description="worker processes: of the in-process runner, or on each machine of spark and flink; null: one for "
        "each core of this machine",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    flags: list[str] = Field(
        [],
        description="for Beam, before those of the stage and those that the command line has after --",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    stages: dict[str, StageResources] = Field(
        {}, description="by stage, what it alone is given", json_schema_extra=NOT_FINGERPRINTED
    )
    shared_folders: list[str] = Field(
        [],
        description="local folders that each machine of a cluster has under the same path; any other local path is "
        "refused by a runner on other machines",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    spark: SparkSettings = Field(default_factory=SparkSettings, json_schema_extra=NOT_FINGERPRINTED)
    flink: FlinkSettings = Field(default_factory=FlinkSettings, json_schema_extra=NOT_FINGERPRINTED)
    dataflow: DataflowSettings | None = Field(
        None, description="needed where name is dataflow", json_schema_extra=NOT_FINGERPRINTED
    )

    @model_validator(mode="before")
    @classmethod
    def _of_a_file(cls, values: Any) -> Any:
        return with_runner_file(values)

    @field_validator("stages")
    @classmethod
    def _stages_are_known(cls, stages: dict[str, StageResources]) -> dict[str, StageResources]:
        names = [stage.name for stage in STAGES]
        for name, resources in stages.items():
            if name not in names:
                raise ValueError(f"no stage is called {name!r}; there are {', '.join(names)}")
            if resources.hints and name not in _WITH_A_MODEL:
                raise ValueError(f"{name} loads no model: hints are for {', '.join(_WITH_A_MODEL)}")
        return stages

    @model_validator(mode="after")
    def _dataflow_is_told_where(self) -> RunnerSettings:
        if self.name == "dataflow" and self.dataflow is None:
            raise ValueError("name: dataflow needs a section dataflow with project, region and staging")
        return self

    @property
    def processes(self) -> int:
        """Worker processes, unless the job itself has a bound."""
        return self.workers or available_cores()

    def of_stage(self, name: str | None) -> StageResources:
        return self.stages.get(name or "", StageResources())


def with_runner_file(runner: Any) -> Any:
    """``runner: spark`` stands for what ``configs/runner/spark.yaml`` holds; a section stays as it is.

    Raises ConfigError where there is no such file.
    """
    if not isinstance(runner, str):
        return runner
    from pipelines.packaged_configs import find_config
    from transforms.configuration import read_yaml

    return read_yaml(find_config(runner if runner.endswith((".yaml", ".yml")) else f"runner/{runner}.yaml"))
