"""What every command takes: ``--version``, and ``--log-file``."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import platform
import shlex
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from transforms.errors import ConfigError, EvenweaveError

#: What the command itself has to say.
_LOG = logging.getLogger("evenweave")

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evenweave {importlib.metadata.version('evenweave')}")
        raise typer.Exit


def common_options(
    log_file: Annotated[
        str | None,
        typer.Option("--log-file", metavar="FILE", help="write a log there too, behind what stands in it"),
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="print the version and end", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    if log_file is not None:
        begin_log(log_file)


@contextlib.contextmanager
def log_end() -> Iterator[None]:
    """Logs how what is run within ends: a user's error by its message, a defect with its traceback."""
    try:
        yield
    except SystemExit as ended:
        _LOG.info("ended with %s", ended.code or 0)
        raise
    except EvenweaveError as error:
        _LOG.error("ended by: %s", error)
        raise
    except BaseException:
        _LOG.exception("ended by")
        raise


def begin_log(path: str) -> None:
    """Log records of this process, from INFO on, go to ``path``: the command, what each stage let through, warnings of
    libraries, and how it ended.

    Raises ConfigError where the file cannot be written.
    """
    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(f"--log-file {path}: {error.strerror or error}") from error
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(min(root.level or logging.INFO, logging.INFO))
    logging.captureWarnings(True)
    version = importlib.metadata.version("evenweave")
    _LOG.info(
        "evenweave %s, Python %s, %s: %s", version, platform.python_version(), platform.platform(), shlex.join(sys.argv)
    )
