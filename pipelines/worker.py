"""The worker process of the in-process runner: Beam's own, with its start-up chatter kept off the terminal.

Beam logs while it is imported and starts, before it has read its options, so a quiet handler must be in place first.
Errors are not lost: Beam sends them to the driver, which raises them.
"""

import logging
import sys

_handler = logging.StreamHandler()
_handler.setLevel(logging.CRITICAL)
logging.getLogger().addHandler(_handler)

from apache_beam.runners.worker import sdk_worker_main  # noqa: E402

if __name__ == "__main__":
    sdk_worker_main.main(sys.argv)
