"""One run of a module's tests, in a process of its own, with the module as it is or with a fault in it.

A process is forked from one that has imported the libraries already, so that torch is not imported anew for each
mutant; modules of ours and the tests are imported in the child. The fault is put in on import: the files stay as they
are. What a test starts as a new program runs without the fault; what it forks runs with it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile
import time
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.mutants.targets import ROOT, Target

OURS = (
    "concept_vocab",
    "transforms",
    "model",
    "pipelines",
    "evenweave",
    "tests",
    "conftest",
    "__main__",
    "__mp_main__",
)
_MEMORY_BYTES = 4 << 30  # a fault may append for ever
_WALL_PER_PROCESSOR_SECS = 20  # on a busy machine a test waits for its turn


class _FaultyModule(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, and loads it from another text than its file's."""

    def __init__(self, target: Target, source: str) -> None:
        super().__init__(target.module, str(ROOT / target.path))
        self._source = source

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        return (
            importlib.util.spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None
        )

    def get_code(self, fullname: str) -> types.CodeType:  # noqa: ARG002
        return compile(self._source, self.path, "exec", dont_inherit=True)


@dataclass
class Trial:
    """A run in progress: begun by :func:`start`, looked at by :meth:`poll`."""

    pid: int
    folder: pathlib.Path
    deadline: float
    begun: float

    def poll(self) -> str | None:
        """None while it runs; then "passed", "failed" or "timeout". Whatever it started is ended with it."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        late = not pid and time.monotonic() > self.deadline
        if not pid and not late:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if late:
            os.waitpid(self.pid, 0)
        out_of_time = late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL))
        return "timeout" if out_of_time else "passed" if status == 0 else "failed"

    def output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")

    def modules(self) -> list[str]:
        """What the run has imported, by name; empty if it did not end by itself."""
        path = self.folder / "modules.json"
        return json.loads(path.read_text()) if path.exists() else []

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def start(target: Target, source: str, processor_secs: int) -> Trial:
    """Run the tests of ``target`` on ``source``, with so many seconds of processor time at most."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mutant-"))
    sys.stdout.flush()
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            status = _run(target, source, folder, processor_secs)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            status = 1
        os._exit(status)
    return Trial(pid, folder, begun + _WALL_PER_PROCESSOR_SECS * processor_secs, begun)


def _run(target: Target, source: str, folder: pathlib.Path, processor_secs: int) -> int:
    os.setsid()
    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (processor_secs, processor_secs + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    os.environ.update(HYPOTHESIS_STORAGE_DIRECTORY=str(folder / "hypothesis"))
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _FaultyModule(target, source))
    import pytest

    options = ["-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
    options += ["--basetemp", str(folder / "tests"), "--hypothesis-seed", "0", "--tb", "short", "--show-capture", "no"]
    status = int(pytest.main([*options, *(str(ROOT / test) for test in target.tests)]))
    names = [name for name in sys.modules if name.partition(".")[0] not in OURS]
    (folder / "modules.json").write_text(json.dumps(names))
    sys.stdout.flush()
    return status


def preload(names: Sequence[str]) -> None:
    """Import libraries that a run needed, so that the next ones begin with them."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        for name in names:
            if name not in sys.modules:
                with contextlib.suppress(BaseException):
                    importlib.import_module(name)


def wait(trials: Sequence[Trial]) -> Iterator[tuple[Trial, str]]:
    """Those that have ended, at least one."""
    while True:
        ended = [(trial, outcome) for trial in trials if (outcome := trial.poll()) is not None]
        if ended:
            yield from ended
            return
        time.sleep(0.02)
