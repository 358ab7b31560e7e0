from __future__ import annotations

import os

import pytest
from PIL import Image

from tests.transforms.reporting.synthetic_run import CONFIG, Row, SyntheticRun
from transforms.rejects import Counts, Reason, Reject
from transforms.run_folder import RunState
from transforms.storage import StoragePath


@pytest.fixture
def root(tmp_path: object) -> StoragePath:
    return StoragePath.of(str(tmp_path)) / "run"


@pytest.fixture
def state(browsed: SyntheticRun, root: StoragePath) -> RunState:
    """Of that run, with the counts that its stages would have left."""
    state = browsed.write(root)
    state.finish("annotate", Counts(6, 4, {"missing_image": 1, "too_small": 1}))
    state.finish("deduplicate", Counts(4, 3, {"exact_duplicate": 1}))
    state.finish("balance", Counts(3, 2, {"not_selected": 1}))
    return state


@pytest.fixture
def browsed(tmp_path: object) -> SyntheticRun:
    """Two sources, each a folder of real pictures; one duplicate, two that annotate dropped, one not chosen.

    Concept 0 is held by a, b, d; 1 by b and z; 2 by z; 3 by none.
    """
    sources = []
    for source, names in {"web": "abcdef", "zh": "yz"}.items():
        folder = os.path.join(str(tmp_path), source)
        os.mkdir(folder)
        for name in names:
            Image.new("RGB", (40, 30), "red").save(os.path.join(folder, f"{name}.png"))
        sources.append(
            {"name": source, "format": "folder", "path": folder, "license": "CC0-1.0", "caption": "optional"}
        )
    size_bytes = os.path.getsize(os.path.join(str(tmp_path), "web", "a.png"))

    def row(key: str, offset: int, concepts: list[int], copies: int = 0, **more: str) -> Row:
        return Row(key, concepts, copies=copies, offset=offset, size_bytes=size_bytes, **more)  # type: ignore[arg-type]

    return SyntheticRun(
        concepts=[("dog", 3, 1, 1), ("Cat", 2, 1, 2), ("tomcat", 1, 0, 2), ("absent", 0, 0, 0)],
        rows={
            ("web", "000000"): [
                row("a", 0, [0]),
                row("b", 1, [0, 1], copies=1, caption="a dog and a cat"),
                row("d", 3, [0]),
            ],
            ("zh", "000000"): [row("z", 1, [1, 2], copies=2, lang="zh")],
        },
        rejects={
            ("annotate", "web", "000000"): [
                Reject("e", Reason.TOO_SMALL, "40 x 30"),
                Reject("gone", Reason.MISSING_IMAGE, "no file"),
            ],
            ("deduplicate", "web", "000000"): [Reject("d", Reason.EXACT_DUPLICATE, "of web/000000/a")],
        },
        config={**CONFIG, "balance": {"method": "raked", "size": 3}, "sources": sources},
    )
