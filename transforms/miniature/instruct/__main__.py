"""Make the embedded instruction corpus: ``python -m transforms.miniature.instruct OUTPUT --rows 20000 --seed 23``."""

from __future__ import annotations

import argparse
import os
import sys

from rich.console import Console
from rich.progress import Progress

from transforms.configuration import validate
from transforms.errors import EvenweaveError
from transforms.miniature.instruct.corpus import write_corpus
from transforms.miniature.instruct.settings import FULL_ROWS, InstructCorpusSettings
from transforms.storage import StoragePath


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m transforms.miniature.instruct", description=__doc__)
    parser.add_argument("output", help="a new folder, or one that was begun with the same settings")
    parser.add_argument("--rows", type=int, default=FULL_ROWS)
    parser.add_argument("--seed", type=int, default=InstructCorpusSettings.model_fields["seed"].default)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="the same bytes with any number")
    options = parser.parse_args()
    console = Console(stderr=True)
    try:
        values = {"rows": options.rows, "seed": options.seed}
        settings = validate(values, InstructCorpusSettings, "the options")
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task("painting", total=None)
            write_corpus(
                StoragePath.of(options.output),
                settings,
                options.processes,
                lambda done, of: progress.update(bar, completed=done, total=of),
            )
    except EvenweaveError as error:
        console.print(str(error), markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
