"""Boxes that are none, and boxes of nothing that can be seen."""

from __future__ import annotations

from collections.abc import Iterator

from transforms.instruct.rows import Medium, Region, Row
from transforms.instruct.validating.findings import Finding
from transforms.rejects import Reason


def bad_boxes(row: Row, min_inside: float) -> Iterator[Finding]:
    """Of those that stand in texts."""
    for region in row.regions:
        if region.message >= 0 and (fault := _fault(region, row.media[region.media], min_inside)):
            corners = ", ".join(f"{value:g}" for value in region.xy)
            yield Finding(region.message, Reason.BAD_BOX, f"{fault}: [{corners}] in pixels")


def _fault(region: Region, medium: Medium, min_inside: float) -> str | None:
    x0, y0, x1, y1 = region.xy
    if x1 < x0 or y1 < y0:
        return "turned over"
    if x1 == x0 or y1 == y0:
        return "empty"
    if medium.width is None or medium.height is None:
        return None
    width, height = min(x1, medium.width) - max(x0, 0), min(y1, medium.height) - max(y0, 0)
    inside = max(width, 0) * max(height, 0) / ((x1 - x0) * (y1 - y0))
    return None if inside >= min_inside else f"outside a picture of {medium.width}×{medium.height}"
