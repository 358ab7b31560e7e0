"""A finished run over real pictures, for the tests of commands that look into one."""

from __future__ import annotations

import os
import pathlib

from PIL import Image

from tests.transforms.reporting.synthetic_run import Row, SyntheticRun
from transforms.rejects import Counts, Reason, Reject
from transforms.run_folder import RunState
from transforms.storage import StoragePath

_COLOURS = ("red", "blue", "green", "white")


def finished_run(folder: pathlib.Path, method: str = "raked", chosen: str = "ab") -> RunState:
    """Pictures a to d; ``chosen`` of them are selected, e was dropped by annotate, and d is a duplicate."""
    images = folder / "images"
    if not images.is_dir():
        images.mkdir(parents=True)
        for name, colour in zip("abcd", _COLOURS, strict=True):
            Image.new("RGB", (40, 40), colour).save(images / f"{name}.png")
    rows = [
        Row(
            name,
            [number % 3],
            copies=int(name in chosen),
            offset=number,
            size_bytes=os.path.getsize(images / f"{name}.png"),
        )
        for number, (name, file) in enumerate((name, images / f"{name}.png") for name in "abcd")
    ]
    run = SyntheticRun(
        concepts=[("red", 2, 1, 1), ("[bold]blue", 1, 1, int("b" in chosen)), ("green", 1, 0, int("c" in chosen))],
        rows={("web", "000000"): rows},
        rejects={
            ("annotate", "web", "000000"): [Reject("e", Reason.TRUNCATED_IMAGE, "ends at byte 12")],
            ("deduplicate", "web", "000000"): [Reject("d", Reason.EXACT_DUPLICATE, "of web/000000/a")],
        },
        config={
            "balance": {"method": method, "size": len(chosen)},
            "sources": [{"name": "web", "format": "folder", "path": str(images), "caption": "optional"}],
            "files_per_shard": 1000,
        },
    )
    state = run.write(StoragePath.of(folder / method))
    state.finish("annotate", Counts(5, 4, {"truncated_image": 1}))
    state.finish("deduplicate", Counts(4, 3, {"exact_duplicate": 1}))
    state.finish("balance", Counts(3, len(chosen), {"not_selected": 3 - len(chosen)}))
    return state
