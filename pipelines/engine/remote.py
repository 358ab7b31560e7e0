"""What runners on other machines share: the job's number and link are told, and what it logs is shown as it comes."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from pipelines.engine.portable import PortableEngine
from pipelines.stopping import patience

if TYPE_CHECKING:
    import apache_beam as beam


#: In which a cluster must have taken note that a job is not wanted any more.
_CANCEL_SECS = 60.0


class RemoteEngine(PortableEngine):
    """Runs jobs on machines that may be others, by flags that it makes itself."""

    def how_to_cancel(self, job_id: str) -> str | None:  # noqa: ARG002
        """The command that does it by hand, where there is one."""
        return None

    def link(self, job_id: str) -> str | None:  # noqa: ARG002
        """Where a job can be watched; None: nowhere."""
        return None

    def _submit(self, build: Callable[[beam.Pipeline], None], flags: Sequence[str]) -> None:
        """Build the pipeline, hand it over and wait for its end."""
        with _shown_logs(self.console) if self.is_remote else contextlib.nullcontext():
            self._run(build, flags)

    def _wait(self, result: Any) -> None:
        """A job elsewhere is told of, and ends with this process: nobody would be left who knows of it."""
        if not self.is_remote:
            super()._wait(result)
            return
        job_id = job_id_of(result)
        link = self.link(job_id)
        self._say(f"job {job_id}{f'  {link}' if link else ''}")
        with patience(_CANCEL_SECS):
            try:
                super()._wait(result)
            except Exception:
                raise
            except BaseException:
                self._cancel(result)
                raise

    def _cancel(self, result: Any) -> None:
        job_id = job_id_of(result)
        self._say(f"cancelling job {job_id}")
        try:
            result.cancel()
        except Exception as error:  # whatever it is, the job goes on
            how = self.how_to_cancel(job_id)
            self._say(f"job {job_id} could not be cancelled, and goes on: {error}{f'. Try: {how}' if how else ''}")

    def _say(self, what: str) -> None:
        self.console.print(Text.assemble((f"{self.job or 'job'}:", "bold"), f" {what}"), soft_wrap=True)


def job_id_of(result: Any) -> str:
    """As the runner numbers it."""
    return str(result.job_id() if hasattr(result, "job_id") else getattr(result, "_job_id", ""))


def job_name(title: str | None, mark: str = "") -> str:
    """Of what is shown as ``title``, in the letters that each runner takes."""
    words = re.findall("[a-z0-9]+", f"evenweave {title or 'job'} {mark}".lower())
    return "-".join(words)


@contextlib.contextmanager
def _shown_logs(console: Console) -> Iterator[None]:
    """What Beam logs of a job, from INFO on, on the terminal."""
    handler = RichHandler(logging.INFO, console, show_path=False)
    root, of_beam = logging.getLogger(), logging.getLogger("apache_beam")
    before, before_of_beam = root.level, of_beam.level
    root.addHandler(handler)
    root.setLevel(min(before or logging.INFO, logging.INFO))
    of_beam.setLevel(logging.NOTSET)  # a job in this process has silenced it
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        of_beam.setLevel(before_of_beam)
