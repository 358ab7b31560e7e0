"""The engine for Spark and Flink: Beam's job server, a Java process of ours, takes each job and has workers do it.

The server is started for the first job and serves all of one command; it dies with this process. Workers are threads of
this process, processes of a pool beside it, or what a pool on each machine of a cluster starts.
"""

from __future__ import annotations

import atexit
import functools
import socket
import tempfile
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from pipelines.engine.bound_process import bound
from pipelines.engine.forking import import_ahead
from pipelines.engine.job_servers import JobServer, class_path, find_java, java_command
from pipelines.engine.local_paths import refuse_local_paths
from pipelines.engine.remote import RemoteEngine, job_name
from pipelines.engine.settings import RunnerSettings
from transforms.configuration import Settings
from transforms.errors import ConfigError, EvenweaveError, WorkerLostError

if TYPE_CHECKING:
    import apache_beam as beam

#: How long workers wait for the next part of a job; without, each part starts its own, which load the model again.
_KEPT_MILLIS = 60_000
#: Times that a job is begun in which workers die. One that needs more memory than there is dies each time.
_TRIES = 3
#: Values of workers_at that are no address.
_WORKERS_HERE = ("processes", "threads")


class JobServiceEngine(RemoteEngine):
    """What Spark and Flink share; each says which server it needs, and what that is told."""

    server: JobServer

    def __init__(self, settings: RunnerSettings, beam_flags: Sequence[str] = ()) -> None:
        super().__init__(beam_flags)
        self._settings = settings

    @property
    @abstractmethod
    def master(self) -> str: ...

    @property
    @abstractmethod
    def is_local(self) -> bool:
        """Whether the cluster is the job server itself."""

    @property
    @abstractmethod
    def _workers_at(self) -> str: ...

    @abstractmethod
    def _job_server(self) -> tuple[str | None, str, dict[str, str], list[str]]:
        """What is configured of the server: its jars, heap, Java properties, and arguments of its own."""

    def _more_flags(self) -> list[str]:
        return []

    @property
    def is_remote(self) -> bool:
        host = self.master.removeprefix("spark://").removeprefix("http://").rpartition(":")[0]
        if self.is_local or host in ("localhost", "127.0.0.1", "[::1]"):
            return False
        # other machines can join a master that is called by the name of this one; their workers are those of pools
        return host != socket.gethostname() or self._workers_at not in _WORKERS_HERE

    def check(self, settings: Settings) -> None:
        """Java, the jar, and paths that other machines can reach."""
        from apache_beam.version import __version__ as beam_version

        find_java()
        class_path(self.server, self._job_server()[0], beam_version)
        if self.is_remote:
            name = self._settings.name
            refuse_local_paths(settings, self._settings.shared_folders, f"{name} at {self.master}")
            given = (*self._settings.flags, *self._beam_flags)
            if self._workers_at in _WORKERS_HERE and not any(one.startswith("--environment_type") for one in given):
                raise ConfigError(
                    f"runner.{name}.workers_at is {self._workers_at}, which are on this machine, and {self.master} has "
                    "others. Start python -m pipelines.engine.worker_pool PORT on each, and name it localhost:PORT"
                )

    def prepare(self, job: str) -> None:
        """As the in-process runner does it."""
        if self._workers_at == "processes":
            import_ahead(job)

    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:
        workers = self._settings.processes
        if not self.is_remote and max_workers is not None:
            workers = min(workers, max_workers)
        flags = [
            f"--job_endpoint={self._endpoint}",
            f"--job_name={job_name(self.job)}",
            *self._worker_flags(workers, build.__module__),
            *self._more_flags(),
            *self._settings.flags,
            *self._settings.of_stage(self.job).flags,
        ]
        self._submit_again(build, ["--runner=PortableRunner", *flags, *self._beam_flags])

    def _submit_again(self, build: Callable[[beam.Pipeline], None], flags: Sequence[str]) -> None:
        """Until it is done, where workers of the pool here die.

        The server tries what a dead worker did once more, yet keeps handing work to the dead one for as long as it
        keeps workers, so that the job as a whole fails: with a new one come new workers, and it goes on with what is
        missing.
        """
        if self._workers_at != "processes":
            self._submit(build, flags)
            return
        from pipelines.engine.worker_pool import own_pool
        from pipelines.engine.worker_processes import LOST_WORKER

        for number in range(1, _TRIES + 1):
            lost = own_pool().lost
            try:
                self._submit(build, flags)
                return
            except EvenweaveError:
                raise
            except Exception as error:
                if own_pool().lost == lost:
                    raise
                if number == _TRIES:
                    raise WorkerLostError(LOST_WORKER) from error
            said = f"{self.job or 'job'}: a worker process died; the job goes on with new ones"
            self.console.print(Text(said), soft_wrap=True)

    def _worker_flags(self, workers: int, job: str) -> list[str]:
        where = self._workers_at
        both = [f"--sdk_worker_parallelism={workers}", f"--environment_cache_millis={_KEPT_MILLIS}"]
        if where == "threads":
            return ["--environment_type=LOOPBACK", *both]
        if where == "processes":
            from pipelines.engine.worker_pool import own_pool

            own_pool().job = job
            where = own_pool().address
        return ["--environment_type=EXTERNAL", f"--environment_config={where}", *both]

    @functools.cached_property
    def _endpoint(self) -> str:
        """The address of the job server, started now."""
        from apache_beam.version import __version__ as beam_version

        jars, heap, properties, arguments = self._job_server()
        classes = class_path(self.server, jars, beam_version)
        return _start(java_command(find_java(), classes, heap, properties), self.server.main_class, arguments)


def _start(java: list[str], main_class: str, arguments: list[str]) -> str:
    from apache_beam.portability.api import beam_job_api_pb2_grpc
    from apache_beam.utils import subprocess_server

    port, artifacts = _free_port(), tempfile.TemporaryDirectory(prefix="evenweave-artifacts-")
    ports = ["--job-port", str(port), "--artifact-port", "0", "--expansion-port", "0"]
    command = bound([*java, main_class, *arguments, *ports, "--artifacts-dir", artifacts.name])
    server: Any = subprocess_server.SubprocessServer(beam_job_api_pb2_grpc.JobServiceStub, command, port=port)

    def stop() -> None:
        server.stop()
        artifacts.cleanup()

    atexit.register(stop)
    try:
        server.start()
    except RuntimeError as error:
        raise EvenweaveError(
            f"{main_class} did not start: {error}. Run again with --log-file FILE, which keeps what it says"
        ) from error
    return f"localhost:{port}"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return int(one.getsockname()[1])
