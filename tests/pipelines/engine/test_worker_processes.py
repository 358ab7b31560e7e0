"""Workers are processes of their own that live in the driver's surroundings, and are missed when they die."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import apache_beam as beam
import pytest

from pipelines.engine import forking, worker_processes
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from transforms.errors import WorkerLostError
from transforms.storage import StoragePath

ENGINE = InProcessEngine(RunnerSettings(workers=2))

# Beam's threads that read from the lost worker end with an exception of gRPC
_LOST = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def on_two_workers(work: Callable[[int], Any], elements: int = 8) -> None:
    """As a step with others behind it."""

    def build(pipeline: beam.Pipeline) -> None:
        done = pipeline | beam.Create(list(range(elements))) | beam.Reshuffle() | beam.Map(work)
        _ = done | beam.Map(lambda result: (result, 1)) | beam.GroupByKey() | "Pass on" >> beam.Map(lambda group: group)

    ENGINE.run(build)


def die_at_three(number: int) -> None:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)


def leave_surroundings(number: int) -> None:
    pathlib.Path(f"{number}.txt").write_text(f"{os.getpid()} {os.environ.get('EVENWEAVE_TEST')}")


@pytest.mark.slow
@_LOST
@pytest.mark.parametrize("last", [False, True])
def test_a_worker_that_is_killed_ends_the_job(last: bool) -> None:
    """Beam waits for a step's answer, if it is the last one, and else for its output."""

    def build(pipeline: beam.Pipeline) -> None:
        pipeline | beam.Create(list(range(8))) | beam.Reshuffle() | beam.Map(die_at_three)

    with pytest.raises(WorkerLostError, match=r"want of memory.*--set runner.workers=1"):
        ENGINE.run(build) if last else on_two_workers(die_at_three)


@pytest.mark.slow
@_LOST
def test_a_worker_that_cannot_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_processes, "start_worker", lambda *_: lambda: False)
    with pytest.raises(WorkerLostError, match="ended before it had begun"):
        on_two_workers(lambda _: None)


def test_a_worker_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(*_: object) -> NoReturn:
        raise OSError("no more processes")

    monkeypatch.setattr(worker_processes, "start_worker", no_more)
    started = time.monotonic()
    with pytest.raises(OSError, match="no more processes"):
        on_two_workers(lambda _: None)
    assert time.monotonic() - started < 20  # it did not wait for the worker


@pytest.mark.slow
def test_a_worker_that_connects_when_the_job_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends too, and the job waits for that."""
    ended: list[bool] = []

    def start_one_later(job: str, environment: Mapping[str, str]) -> Callable[[], bool]:
        if started.is_set():
            raise OSError("no more processes")
        started.set()

        def start_and_wait() -> bool:
            time.sleep(2)
            ended.append(forking.start_worker(job, environment)())
            return ended[0]

        return start_and_wait

    started = threading.Event()
    monkeypatch.setattr(worker_processes, "start_worker", start_one_later)
    with pytest.raises(OSError, match="no more processes"):
        on_two_workers(lambda _: None)
    assert ended == [True]


@pytest.mark.slow
def test_workers_live_where_the_driver_does(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though they are forked from a process that began before the driver moved and changed its environment."""
    for value in ("one", "two"):
        folder = tmp_path / value
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("EVENWEAVE_TEST", value)
        on_two_workers(leave_surroundings)
        found = [path.read_text().split() for path in folder.iterdir()]
        assert len(found) == 8
        assert {told for _, told in found} == {value}
        assert len({process for process, _ in found} - {str(os.getpid())}) == 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_requests_that_arrive_together() -> None:
    """Among them, the import of a module that does not exist."""
    for module in ("pipelines.export", "pipelines.does_not_exist", "pipelines.balance"):
        forking.import_ahead(module)
    ends = [forking.start_worker("pipelines.export", {"WORKER_ID": str(number)}) for number in range(20)]
    assert [ended_well() for ended_well in ends] == [False] * 20  # they were not told where the driver is


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_a_fork_server_that_was_killed_is_started_again(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "done"
    on_two_workers(lambda _: None)
    server = forking._fork_server()._process
    server.kill()
    server.wait()
    on_two_workers(lambda number: path.write_text(str(number)), elements=1)
    assert path.read_text() == "0"
    assert forking._fork_server()._process.pid != server.pid


@pytest.mark.slow
@_LOST
def test_a_worker_that_is_started_anew(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where forking is not safe."""
    monkeypatch.setattr(sys, "platform", "elsewhere")
    path = StoragePath.of(tmp_path) / "done"
    on_two_workers(lambda number: path.write_text(str(number)), elements=1)
    assert path.read_text() == "0"
    with pytest.raises(WorkerLostError):
        on_two_workers(die_at_three)


#: Runs in a process of its own: two workers leave their numbers in a folder, and are busy.
_DRIVER = """
import itertools, os, sys, time, apache_beam as beam
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
def work(number):
    open(f"{os.environ['FOLDER']}/{os.getpid()}", "w").close()
    if os.environ["BUSY"] == "sleep":
        time.sleep(60)
    sum(itertools.repeat(0))  # for ever, and no other thread of the process runs
InProcessEngine(RunnerSettings(workers=2)).run(lambda p: p | beam.Create([0, 1]) | beam.Reshuffle() | beam.Map(work))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "busy", ["sleep", pytest.param("c", marks=pytest.mark.skipif(sys.platform != "linux", reason="by prctl"))]
)
def test_nothing_outlives_a_driver_that_is_killed(tmp_path: pathlib.Path, busy: str) -> None:
    """Also a worker that is busy in C code and cannot look."""
    surroundings = {**os.environ, "FOLDER": str(tmp_path), "BUSY": busy}
    driver = subprocess.Popen([sys.executable, "-c", _DRIVER], env=surroundings)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert len(workers) == 2
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 15
    while any(pathlib.Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [worker for worker in workers if pathlib.Path(f"/proc/{worker}").exists()]
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    assert not left
