"""Worker processes for Beam's in-process runner: quick to start, and missed when they die.

Beam starts each worker of each job as a new interpreter, which takes seconds where the workers share cores; and when
the system kills one, for want of memory most often, Beam waits for it for ever. Here :mod:`.forking` starts them, and
a worker that dies ends the job with an error that says so, as soon as the others have done their share of the stage.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.transforms import environments
from google.protobuf import json_format, text_format

from pipelines.engine.forking import start_worker
from transforms.errors import WorkerLostError

_URN = "evenweave:env:worker_process:v1"
_DONE_MARKER = worker_handlers.BeamFnControlServicer._DONE_MARKER
_UNSTARTED = worker_handlers.BeamFnControlServicer.UNSTARTED_STATE
_SWEEP_SECS = 0.1
LOST_WORKER = (
    "a worker process died in the middle of its work. Most often the system kills one for want of memory: run the same "
    "command again with fewer workers (--set runner.workers=1), it goes on where it stopped."
)
_NOT_STARTED = "a worker process ended before it had begun. What it said of the reason is above, if it said anything."
_lost: list[WorkerLostError] = []  # of the job that runs, or ran last


@contextlib.contextmanager
def lost_workers_are_errors() -> Iterator[None]:
    """Raises WorkerLostError in place of whatever Beam makes of a worker of the job within that died."""
    _lost.clear()
    try:
        yield
    except Exception as error:
        if _lost:
            raise _lost[0] from error
        raise


@environments.Environment.register_urn(_URN, bytes)
class WorkerProcessEnvironment(environments.Environment):  # type: ignore[misc]
    """Asks the in-process runner for worker processes of this module, in which ``job``, a module, is imported."""

    def __init__(self, job: str) -> None:
        super().__init__(environments.python_sdk_capabilities(), (), None)
        self._job = job

    def to_runner_api_parameter(self, _: Any) -> tuple[str, bytes]:
        return _URN, self._job.encode()

    @staticmethod
    def from_runner_api_parameter(payload: bytes, *_: Any) -> WorkerProcessEnvironment:
        return WorkerProcessEnvironment(payload.decode())


@worker_handlers.WorkerHandler.register_environment(_URN, bytes)
class _WorkerProcess(worker_handlers.GrpcWorkerHandler):  # type: ignore[misc]
    """One worker process, from the driver's side."""

    def __init__(self, payload: bytes, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        self._job = payload.decode()
        self._watch: threading.Thread | None = None
        self._closed = threading.Event()

    def start_worker(self) -> None:
        control = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        ended_well = start_worker(
            self._job,
            {
                **os.environ,
                "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
                "PIPELINE_OPTIONS": json_format.MessageToJson(self.provision_info.provision_info.pipeline_options),
                "WORKER_ID": self.worker_id,
            },
        )
        self._watch = threading.Thread(name="watch worker", target=self._wait, args=(ended_well,), daemon=True)
        self._watch.start()

    def close(self) -> None:
        """Ends the worker, also one that has not connected yet.

        A job may end, or fail, before all of its workers have connected. Beam tells only those that have to stop, and
        then waits for the others, which wait for work, for ever.
        """
        self._closed.set()
        self.control_conn.push(_DONE_MARKER)
        super().close()

    def stop_worker(self) -> None:
        if self._watch:
            self._watch.join()

    def _wait(self, ended_well: Callable[[], bool]) -> None:
        """For the worker's end. From a bad one on, whatever Beam asks of the worker fails."""
        if ended_well():
            return
        error = WorkerLostError(_NOT_STARTED if self.control_conn._state == _UNSTARTED else LOST_WORKER)
        _lost.append(error)
        while True:
            for number, future in list(self.control_conn._futures_by_id.items()):
                future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=number, error=str(error)))
            if self._closed.wait(_SWEEP_SECS):
                return
