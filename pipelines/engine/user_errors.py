"""The user's own errors, found in what Beam makes of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from transforms import errors

#: As a traceback ends that was printed by a worker process.
_REMOTE_ERROR = re.compile(
    r"^transforms\.errors\.(?P<kind>\w+): (?P<message>.*?)(?: \[while running|\n\n|\n?\Z)", re.MULTILINE | re.DOTALL
)
_BEAM_SUFFIX = " [while running"  # Beam's mark on the message of what a transform raises


@contextlib.contextmanager
def users_errors_as_themselves() -> Iterator[None]:
    """Raises, in place of Beam's error, the EvenweaveError that a worker raised, if there is one inside."""
    try:
        yield
    except Exception as error:
        if found := find_users_error(error):
            raise found from None
        raise


def find_users_error(error: BaseException) -> errors.EvenweaveError | None:
    """The error meant for the user inside Beam's: itself, or its text where it crossed a process boundary."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, errors.EvenweaveError):
            return type(cause)(str(cause).partition(_BEAM_SUFFIX)[0])
        cause = cause.__cause__ or cause.__context__
    found = _REMOTE_ERROR.search(str(error))
    if not found:
        return None
    kind = getattr(errors, found["kind"], errors.EvenweaveError)
    return kind(found["message"])
