"""A sheet of images as a page of its own."""

from __future__ import annotations

from transforms.browsing.sheets import Sheet
from transforms.reporting.templates import render_template


def render_sheet(sheet: Sheet, run: str, fingerprint: str) -> str:
    """``run`` is where the run lies, ``fingerprint`` that of its settings."""
    return render_template("sheet.html", sheet=sheet, run=run, fingerprint=fingerprint)
