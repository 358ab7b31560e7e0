"""How a job is run; apart from :mod:`pipelines.runner` so that reading a configuration does not import Beam."""

from __future__ import annotations

from pydantic import Field

from transforms.configuration import NOT_FINGERPRINTED, Settings


class RunnerSettings(Settings):
    """How a job is run. Nothing here changes a byte of the output."""

    workers: int | None = Field(
        None,
        ge=1,
        description="worker processes of the in-process runner; null: one for each core",
        json_schema_extra=NOT_FINGERPRINTED,
    )
