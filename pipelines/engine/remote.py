"""What runners on other machines share: the job's number and link are told, and what it logs is shown as it comes."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from pipelines.engine.portable import PortableEngine

if TYPE_CHECKING:
    import apache_beam as beam


class RemoteEngine(PortableEngine):
    """Runs jobs on machines that may be others, by flags that it makes itself."""

    def link(self, job_id: str) -> str | None:  # noqa: ARG002
        """Where a job can be watched; None: nowhere."""
        return None

    def _submit(self, build: Callable[[beam.Pipeline], None], flags: Sequence[str]) -> None:
        """Build the pipeline, hand it over and wait for its end."""
        with _shown_logs(self.console) if self.is_remote else contextlib.nullcontext():
            self._run(build, flags, self._tell)

    def _tell(self, result: Any) -> None:
        """What to look for elsewhere, of a job that has been handed over."""
        if not self.is_remote:
            return
        job_id = result.job_id() if hasattr(result, "job_id") else getattr(result, "_job_id", "")
        link = self.link(job_id)
        where = f"  {link}" if link else ""
        self.console.print(Text.assemble((f"{self.job or 'job'}:", "bold"), f" job {job_id}{where}"), soft_wrap=True)


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
