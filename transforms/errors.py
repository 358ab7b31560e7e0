"""Errors that a user can act on.

Everything a user can get wrong raises a subclass of :class:`EvenweaveError`, whose message says what was wrong, where,
and what to do. The command line prints the message alone. Programming errors are any other exception: they are never
caught, and keep their traceback.
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


class WorkerLostError(EvenweaveError):
    """A worker process that ended before its work."""
