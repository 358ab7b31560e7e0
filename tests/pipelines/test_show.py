from __future__ import annotations

import io
import pathlib

import pytest
from rich.console import Console

from pipelines import show
from tests.pipelines.finished_run import finished_run
from transforms.errors import ConfigError, InputError
from transforms.storage import StoragePath


@pytest.fixture
def root(tmp_path: pathlib.Path) -> StoragePath:
    return finished_run(tmp_path).folder.root


def shown(root: StoragePath, concept: str | None, rejected: str | None, html: str | None = None) -> tuple[str, str]:
    stream = io.StringIO()
    page = show.run(str(root), concept, rejected, 8, html, Console(file=stream, width=200))
    return page.read_text(), stream.getvalue()


def test_a_concept_kept_and_dropped(root: StoragePath) -> None:
    page, out = shown(root, "red", None)
    assert (root / "report" / "concept-red.html").is_file()
    assert "kept: 1 of 1 shown" in out and "dropped: 1 shown" in out
    assert page.count('<img src="data:image/jpeg;base64,') == 2
    assert "exact duplicate" in page and "of web/000000/a" in page and "web / 000000 / d" in page


def test_what_was_left_out_for_a_reason(root: StoragePath) -> None:
    page, out = shown(root, None, "not selected")
    assert "left out by balance: 1 of 1 shown" in out and page.count("<img ") == 1
    page, out = shown(root, None, "truncated_image")
    assert "1 of 1 shown (1 without a picture that can be read)" in out
    assert "ends at byte 12" in page and "picture not readable" in page and "<img" not in page


def test_the_page_goes_where_it_is_wanted(root: StoragePath, tmp_path: pathlib.Path) -> None:
    shown(root, "[bold]blue", None, str(tmp_path / "sheet.html"))
    assert "[bold]blue" in (tmp_path / "sheet.html").read_text()
    assert not (root / "report").exists()
    shown(root, "[bold]blue", None)
    assert (root / "report" / "concept-bold-blue.html").is_file()


def test_what_is_not_there_is_told(root: StoragePath) -> None:
    for concept, rejected in ((None, None), ("red", "too_small")):
        with pytest.raises(ConfigError, match="--concept NAME or --rejected REASON, one of them"):
            shown(root, concept, rejected)
    with pytest.raises(InputError, match=r"no concept called 'read'\. Near to it are: red"):
        shown(root, "read", None)
    with pytest.raises(InputError, match=r"left out as 'too_small'\. Its reasons are: exact_duplicate, not_selected"):
        shown(root, None, "too small")
