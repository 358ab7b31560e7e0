"""What runs in a worker process of the in-process runner: Beam's own worker, with its chatter kept off the terminal.

Beam logs while it is imported and starts, before it has read its options, and prints every exception before it sends
it to the driver. So a quiet handler and a mute stderr must be in place first. Nothing is lost: the driver raises what
it is sent, and what the interpreter itself has to say on a crash does not go through ``sys.stderr``.
"""

import gc
import logging
import os
import sys
import threading

logging.getLogger().addHandler(logging.NullHandler())
sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (for as long as the process lives)

from apache_beam.runners.worker import sdk_worker_main  # noqa: E402

_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def work() -> None:
    """Serve the driver that the environment variables name, until it says that all is done.

    Rows by the thousand are made and let go of, none of them in a cycle: looked through after every 700 objects, as
    Python does unasked, they take a third longer to make.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    sdk_worker_main.main(sys.argv)


def _end_with_driver() -> None:
    """The driver holds the other end of stdin as long as it lives."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_driver, daemon=True, name="watch driver").start()
    work()
