"""Of a job on other machines its number, its link and its logs are shown; of one on this machine nothing."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping

import apache_beam as beam
import pytest
from rich.console import Console

from pipelines.engine.remote import RemoteEngine


class Elsewhere(RemoteEngine):
    """Beam's own runner, said to be elsewhere."""

    is_remote = True  # type: ignore[assignment]

    def link(self, job_id: str) -> str | None:
        return f"http://far/{job_id}"

    def run(self, build: object, max_workers: int | None = None) -> None:  # noqa: ARG002
        self._submit(build, ["--runner=BundleBasedDirectRunner"])  # type: ignore[arg-type]


class Here(Elsewhere):
    is_remote = False  # type: ignore[assignment]


def say(number: int) -> int:
    logging.getLogger("apache_beam.somewhere").info("working on %d", number)
    return number


@pytest.mark.parametrize(("engine", "said"), [(Elsewhere([]), True), (Here([]), False)])
def test_what_is_shown(engine: Elsewhere, said: bool) -> None:
    file = io.StringIO()
    engine.progress(Console(file=file, width=200), "annotate", None)
    level = logging.getLogger().level
    engine.run(lambda pipeline: pipeline | beam.Create([7]) | beam.Map(say))
    shown = file.getvalue()
    assert ("working on 7" in shown) == ("annotate: job" in shown) == ("http://far/" in shown) == said
    assert logging.getLogger().level == level


def test_hints_are_none_unless_a_runner_heeds_them() -> None:
    hints: Mapping[str, str] = Here([]).resource_hints()
    assert hints == {}
