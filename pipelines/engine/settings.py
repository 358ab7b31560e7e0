"""How a job is run; apart from the engines so that reading a configuration does not import Beam."""

from __future__ import annotations

import os

from pydantic import Field

from transforms.configuration import NOT_FINGERPRINTED, Settings


def available_cores() -> int:
    """Cores that this process may use (a container may own fewer than the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class RunnerSettings(Settings):
    """How a job is run. Nothing here changes a byte of the output."""

    workers: int | None = Field(
        None,
        ge=1,
        description="worker processes of the in-process runner; null: one for each core",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    @property
    def processes(self) -> int:
        """Worker processes, unless the job itself has a bound."""
        return self.workers or available_cores()
