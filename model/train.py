"""``evenweave train CONFIG``, also ``torchrun --nproc-per-node 8 -m model.train CONFIG [KEY=VALUE …]``."""

from __future__ import annotations

import sys

from model.training.parallel import processes
from model.training.settings import TrainSettings
from model.training.trainer import Trainer
from transforms.configuration import load_settings
from transforms.errors import EXIT_STATUS, EvenweaveError, show_error


def train(config_path: str, overrides: list[str] | None = None) -> bool:
    """Train as the YAML says, or go on where it stopped; returns False if a signal stopped it before the end.

    Raises EvenweaveError for settings, packs or a model that do not fit, and for a checkpoint that cannot be
    written.
    """
    settings = load_settings(config_path, TrainSettings, overrides)
    with processes() as group:
        return Trainer(settings, group).run()


def main(arguments: list[str]) -> int:
    """0 trained to the end, 75 (EX_TEMPFAIL, so that a scheduler may start it again) stopped, 2 an error shown."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: python -m model.train CONFIG [KEY=VALUE …]", file=sys.stderr)
        return EXIT_STATUS
    try:
        return 0 if train(arguments[0], arguments[1:]) else 75
    except EvenweaveError as error:
        show_error(error)
        return EXIT_STATUS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
