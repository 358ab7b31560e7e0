"""Worker processes for Beam's in-process runner: quick to start, and missed when they die.

Beam starts each worker of each job as a new interpreter, which takes seconds where the workers share cores; and when
the system kills one, for want of memory most often, Beam waits for it for ever. Here :mod:`.forking` starts them, and
a worker that dies ends the job with an error that says so.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.transforms import environments
from google.protobuf import json_format, text_format

from pipelines.forking import start_worker
from transforms.errors import WorkerLostError

_URN = "evenweave:env:worker_process:v1"
_UNSTARTED = worker_handlers.BeamFnControlServicer.UNSTARTED_STATE
_START_SECS = 120.0  # a worker that takes longer to connect is given up
_DONE = worker_handlers.BeamFnControlServicer.DONE_STATE
_LOST = (
    "a worker process died in the middle of its work. Most often the system kills one for want of memory: run the same "
    "command again with fewer workers (--set runner.workers=1), it goes on where it stopped."
)


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
        """Once it has connected.

        A job may end, or fail, before all of its workers have connected. Beam tells only those that have to stop, and
        then waits for the others, which wait for work, for ever.
        """
        deadline = time.monotonic() + _START_SECS
        while self.control_conn._state == _UNSTARTED and time.monotonic() < deadline:
            time.sleep(0.01)
        super().close()

    def stop_worker(self) -> None:
        self._watch.join()

    def _wait(self, ended_well: Callable[[], bool]) -> None:
        if not ended_well():
            self._give_up()

    def _give_up(self) -> None:
        """Answer what the runner has asked this worker, and whatever it will ask, with an error."""
        connection = self.control_conn

        def answer(request: Any) -> worker_handlers.ControlFuture:
            number = getattr(request, "instruction_id", "")  # the mark of the end has none
            text = f"{WorkerLostError.__module__}.{WorkerLostError.__name__}: {_LOST}"
            return worker_handlers.ControlFuture(number, _response(number, text))

        connection.push = answer
        for number, future in list(connection._futures_by_id.items()):
            future.set(answer(beam_fn_api_pb2.InstructionRequest(instruction_id=number)).get())
        if connection._state == _UNSTARTED:  # it will never connect
            connection._state = _DONE


def _response(number: str, error: str) -> Any:
    return beam_fn_api_pb2.InstructionResponse(instruction_id=number, error=error)
