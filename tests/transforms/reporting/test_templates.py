from __future__ import annotations

import pytest

from transforms.browsing.sheets import Sheet
from transforms.reporting.templates import render_template


def test_only_pages_with_a_script_may_run_one() -> None:
    values = {"sheet": Sheet("a", ()), "run": "b", "fingerprint": "c"}
    silent = render_template("sheet.html", **values)
    assert "<script" not in silent and "script-src" not in silent
    speaking = render_template("sheet.html", script="page.js", **values)
    assert speaking.count("<script>") == 1 and "script-src 'sha256-" in speaking


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(Exception, match="'run' is undefined"):
        render_template("sheet.html", sheet=Sheet("a", ()), fingerprint="c")
