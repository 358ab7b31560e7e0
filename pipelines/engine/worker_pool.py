"""A pool of worker processes on one machine, which a cluster asks for workers (Beam's EXTERNAL environment).

    python -m pipelines.engine.worker_pool [PORT]

serves a machine of a cluster (50000, where no port is given). Where the cluster is on this machine, the command that
runs the jobs has a pool of its own. Workers are forked, quiet and missed as those of the in-process runner.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc, endpoints_pb2
from google.protobuf import text_format

from pipelines.engine.forking import import_ahead, start_worker

_PORT = 50000
#: Imported before workers are forked that are to do any job: the job with most to import.
_ANY_JOB = "pipelines.annotate"
_UNBOUNDED = -1  # a stage's environment is one element, and any message may carry it


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
    """``job``: the module whose workers are asked for next. ``lost``: how many of them died before their work was done.

    ``address`` is on this machine alone.
    """

    def __init__(self, port: int = 0) -> None:
        self.job = _ANY_JOB
        self.lost = 0
        self.server: Any = grpc.server(
            futures.ThreadPoolExecutor(max_workers=4, thread_name_prefix="pool"),
            options=[("grpc.max_receive_message_length", _UNBOUNDED), ("grpc.so_reuseport", 0)],
        )
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(self, self.server)
        self.address = f"localhost:{self.server.add_insecure_port(f'localhost:{port}')}"
        self.server.start()

    def StartWorker(self, request: Any, _: Any) -> Any:  # noqa: N802 (as gRPC calls it)
        """Does not wait for it: it reports to the cluster by itself."""
        control = endpoints_pb2.ApiServiceDescriptor(url=request.control_endpoint.url)
        environment = {
            **os.environ,
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
            "PIPELINE_OPTIONS": "{}",
            "WORKER_ID": request.worker_id,
        }
        try:
            ended_well = start_worker(self.job, environment)
        except Exception:
            return beam_fn_api_pb2.StartWorkerResponse(error=traceback.format_exc())
        watch = threading.Thread(target=self._watch, args=(ended_well,), name=f"wait for {request.worker_id}")
        watch.daemon = True
        watch.start()
        return beam_fn_api_pb2.StartWorkerResponse()

    def _watch(self, ended_well: Callable[[], bool]) -> None:
        if not ended_well():
            self.lost += 1

    def StopWorker(self, _: Any, __: Any) -> Any:  # noqa: N802
        """A worker ends by itself when the cluster has closed its connection."""
        return beam_fn_api_pb2.StopWorkerResponse()


@functools.cache
def own_pool() -> WorkerPool:
    """That of this process."""
    return WorkerPool()


if __name__ == "__main__":
    pool = WorkerPool(int(sys.argv[1]) if len(sys.argv) > 1 else _PORT)
    import_ahead(_ANY_JOB)
    print(f"workers are started at {pool.address}", flush=True)
    pool.server.wait_for_termination()
