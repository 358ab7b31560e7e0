"""What a listing says of a run folder."""

from __future__ import annotations

import os
import pathlib

from transforms.storage import StoragePath
from transforms.verifying.listing import sizes_below


def test_a_name_that_is_not_utf_8_ends_no_listing(tmp_path: pathlib.Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xe9.parquet"
    with open(odd, "wb") as file:
        file.write(b"123")
    (tmp_path / "a.tar.partial-0").write_bytes(b"1")
    root = StoragePath.of(tmp_path)
    assert sizes_below(root) == {os.fsdecode(odd): 3, f"{root}/a.tar.partial-0": 1}
    assert sizes_below(root / "a.tar.partial-0") == {f"{root}/a.tar.partial-0": 1}
    assert sizes_below(root / "none") == {}
