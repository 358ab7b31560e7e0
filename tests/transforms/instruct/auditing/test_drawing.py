"""What is drawn, and that it is the same whatever the order of parts."""

from __future__ import annotations

import pathlib

from tests.transforms.instruct.auditing.small_audit import PARTS, ROWS, UNSAFE, finished
from transforms.instruct.auditing.drawing import Draw, Stratum, draw_part
from transforms.instruct.auditing.sheet import show_items
from transforms.instruct.auditing.sheet_file import read_sheet, write_sheet
from transforms.reporting.audit_page import render_audit


def drawn(folder: object, most: int = 3, seed: int = 0, parts: object = PARTS, stages: tuple[str, ...] = ()) -> Draw:
    found = Draw()
    for name in parts:  # type: ignore[attr-defined]
        found += draw_part(folder, name, most, seed, stages)  # type: ignore[arg-type]
    return found


def test_every_stratum_is_drawn_of_and_counted(tmp_path: pathlib.Path) -> None:
    folder = finished(tmp_path)
    draw = drawn(folder)
    assert draw.population == {
        Stratum(name.source, stage, language): number
        for name in PARTS
        for stage, language, number in (("templates", "zh", 4), ("templates", "en", 7), ("compose", "en", 1))
    }
    assert {len(draw.items[stratum]) for stratum in draw.population} == {1, 3}
    assert draw == drawn(folder, parts=reversed(PARTS)) and draw.items != drawn(folder, seed=1).items
    assert set(drawn(folder, stages=("compose",)).population) == {Stratum(one.source, "compose", "en") for one in PARTS}
    assert not drawn(folder, stages=("safety",)).population


def test_only_what_was_mixed_is_looked_at(tmp_path: pathlib.Path) -> None:
    folder = finished(tmp_path, drawn=3)
    draw = drawn(folder)
    assert draw.population[Stratum("one", "templates", "zh")] == 1
    assert draw.population[Stratum("one", "templates", "en")] == 2
    folder.selection(*PARTS[0]).delete()
    assert drawn(folder).population[Stratum("one", "templates", "en")] == 7


def test_the_page_shows_before_and_after_and_runs_nothing_of_a_row(tmp_path: pathlib.Path) -> None:
    folder = finished(tmp_path)
    draw = drawn(folder, most=ROWS)
    shown = show_items(folder, [item for items in draw.items.values() for item in items])
    assert len(shown) == draw.population.total()
    written = [one for one in shown if not one.item.is_row]
    assert all(one.after == f"{one.before}\nBe brief." and UNSAFE in one.after for one in written)
    assert all(one.before is None and len(one.pictures) == 2 for one in shown if one.item.is_row)
    assert all((one.pictures[0] or "").startswith("data:image/jpeg;base64,") for one in shown)
    page = render_audit(shown, draw.population, "run", folder.fingerprint)
    assert page == render_audit(shown, draw.population, "run", folder.fingerprint)
    assert UNSAFE not in page and "onerror=y&gt;" in page and "default-src 'none'" in page
    assert page.count("<script>") == 1 and "[NAME]" in page
    (tmp_path / "p.png").unlink()
    gone = show_items(folder, draw.items[Stratum("one", "templates", "en")])
    assert all(one.pictures == [None] for one in gone)


def test_a_sheet_comes_back_as_it_was(tmp_path: pathlib.Path) -> None:
    folder = finished(tmp_path)
    path = folder.root / "audit/sheet.json"
    sheet = write_sheet(path, drawn(folder), folder.fingerprint)
    assert read_sheet(path) == sheet and len(sheet.items) == 14 and sum(sheet.population.values()) == 24
