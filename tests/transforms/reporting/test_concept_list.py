"""The script of the page, run: what a reader searches for and sorts by is what is shown."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
from typing import Any

import pytest

NODE = shutil.which("node")
SCRIPT = pathlib.Path(__file__).parents[3] / "transforms" / "reporting" / "page.js"
pytestmark = pytest.mark.skipif(NODE is None, reason="the script of the page is run by node, which is not here")


def states(
    folder: pathlib.Path, data: dict[str, list[Any]], steps: list[tuple[str, str, bool]]
) -> list[dict[str, Any]]:
    """What the page shows at first, and after each (word, order, whether more is asked for)."""
    assert NODE is not None
    (folder / "data.json").write_text(json.dumps(data))
    harness = str(pathlib.Path(__file__).with_name("page_in_node.js"))
    command = [NODE, harness, str(SCRIPT), str(folder / "data.json"), json.dumps(steps)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_concepts_are_sorted_and_searched(tmp_path: pathlib.Path) -> None:
    data = {
        "names": ["dog", "absent", "Cat", "<b>tomcat</b>", "狗"],
        "langs": ["en", "en", "en", "en", "zh"],
        "before": [5000, 0, 30, 2, 30],
        "random": [500, 0, 3, 0, 3],
        "after": [50, 0, 30, 2, 15],
    }
    steps = [("", "rare", False), ("", "gain", False), (" CAT ", "rare", False), ("wolf", "common", False)]
    first, rare, gain, cat, wolf = states(tmp_path, data, steps)
    assert first["names"] == ["dog", "Cat", "狗", "<b>tomcat</b>", "absent"]
    assert first["first"] == ["dog", "en", "5,000", "500", "50"]
    assert (first["found"], first["more"], first["visible"]) == ("5 of 5", False, True)
    assert rare["names"] == ["<b>tomcat</b>", "Cat", "狗", "dog", "absent"]
    assert gain["names"] == ["Cat", "<b>tomcat</b>", "狗", "dog", "absent"]
    assert (cat["names"], cat["found"]) == (["<b>tomcat</b>", "Cat"], "2 of 5")
    assert (wolf["names"], wolf["found"], wolf["more"]) == ([], "0 of 5", False)


def test_a_hundred_thousand_are_shown_a_part_at_a_time(tmp_path: pathlib.Path) -> None:
    rows = range(100_000)
    counts = [row * 7919 % 100_003 for row in rows]
    data = {"names": [f"concept {row}" for row in rows], "langs": ["en"] * len(rows)}
    first, more, searched = states(
        tmp_path,
        {**data, "before": counts, "random": counts, "after": counts},
        [("", "common", True), ("concept 9999", "rare", False)],
    )
    assert (len(first["names"]), first["more"], first["found"]) == (200, True, "100,000 of 100,000")
    assert len(more["names"]) == 400
    assert more["names"] == [f"concept {row}" for row in sorted(rows, key=lambda row: -counts[row])[:400]]
    assert (searched["found"], searched["more"], len(searched["names"])) == ("11 of 100,000", False, 11)


def test_a_page_without_a_list_runs_too() -> None:
    assert NODE is not None
    code = f"global.document = {{ getElementById: () => null }}; eval({json.dumps(SCRIPT.read_text())})"
    subprocess.run([NODE, "-e", code], check=True, timeout=60)
