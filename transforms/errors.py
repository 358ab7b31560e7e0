"""Errors that a user can act on.

Everything a user can get wrong raises a subclass of :class:`EvenweaveError`, whose message says what was wrong, where,
and what to do. Commands print the message alone (:func:`show_error`). Programming errors are any other exception: they
are never caught, and keep their traceback.
"""

from __future__ import annotations


class EvenweaveError(Exception):
    """Base of the errors that are the user's to mend."""


class ConfigError(EvenweaveError):
    """A configuration file or an override that cannot be used as written."""


class InputError(EvenweaveError):
    """Input data that cannot be read as the configuration describes it."""


class InputReadError(InputError):
    """Input data that did not come from where they lie: the storage or the way to it failed, not the data."""


class RunFolderError(EvenweaveError):
    """A run folder that belongs to another configuration, another format version, or cannot be written."""


class OtherSettingsError(RunFolderError):
    """A run folder that was begun with other settings or inputs than it is to go on with."""


class WorkerLostError(EvenweaveError):
    """A worker process that ended before its work."""


#: With what a command ends after an error that is the user's to mend.
EXIT_STATUS = 2


def show_error(error: EvenweaveError) -> None:
    """The message alone, on stderr: what a command prints of an error that is the user's to mend."""
    from rich.console import Console  # not with the errors: every worker imports those
    from rich.text import Text

    Console(stderr=True).print(Text.assemble(("error:", "bold red"), f" {error}"), soft_wrap=True)
