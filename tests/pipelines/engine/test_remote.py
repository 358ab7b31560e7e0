"""Of a job on other machines its number, its link and its logs are shown; of one on this machine nothing."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping

import apache_beam as beam
import pytest
from rich.console import Console

from pipelines.engine.remote import RemoteEngine
from pipelines.stopping import StopOnSignal, StoppedBySignal


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
    hints: Mapping[str, str] = Here([]).resource_hints("annotate")
    assert hints == {}


class Job:
    """Handed over, and under way until somebody stops waiting for it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.cancelled, self._error = False, error

    def job_id(self) -> str:
        return "7"

    def wait_until_finish(self) -> None:
        assert StopOnSignal.patience_secs > 30, "there is time to cancel it"
        raise StoppedBySignal

    def cancel(self) -> None:
        if self._error is not None:
            raise self._error
        self.cancelled = True


def test_a_job_elsewhere_ends_with_the_command() -> None:
    file, job = io.StringIO(), Job()
    engine, before = Elsewhere([]), StopOnSignal.patience_secs
    engine.progress(Console(file=file, width=200), "annotate", None)
    with pytest.raises(StoppedBySignal):
        engine._wait(job)
    assert job.cancelled and "cancelling job 7" in file.getvalue()
    assert StopOnSignal.patience_secs == before
    with pytest.raises(StoppedBySignal):
        engine._wait(Job(OSError("no line")))
    assert "job 7 could not be cancelled, and goes on: no line" in file.getvalue()


def test_a_job_that_fails_is_not_cancelled() -> None:
    job = Job()
    job.wait_until_finish = lambda: (_ for _ in ()).throw(ValueError("failed"))  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="failed"):
        Elsewhere([])._wait(job)
    assert not job.cancelled
