"""Packed sets for the tests of their readers."""

from __future__ import annotations

import pathlib

from tests.transforms.packing.corpus import both_sources, pack_all, pack_job


def write_two_sets(folder: pathlib.Path) -> list[str]:
    """Run folders of two sets: of everything, and of text and pictures in records."""
    sources = both_sources(folder)
    pack_all(pack_job(folder / "all", sources, pack_tokens=200, video_max_pixels=56 * 56))
    pack_all(pack_job(folder / "records", sources[1:], pack_tokens=140, video_max_pixels=56 * 56))
    return [str(folder / "all"), str(folder / "records")]
