"""Real photographs, where they are at hand."""

from __future__ import annotations

import os
import pathlib

import pytest

REAL_DATA = pathlib.Path(
    os.environ.get("EVENWEAVE_REAL_DATA", pathlib.Path(__file__).resolve().parents[3] / "../shared/data")
)
needs_real_data = pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data is absent: set EVENWEAVE_REAL_DATA")


def photo_files() -> list[bytes]:
    return [path.read_bytes() for path in sorted((REAL_DATA / "photos").glob("*.JPEG"))]
