from __future__ import annotations

import dataclasses

import pytest

from tests.transforms.reporting.test_page import HOSTILE, Elements
from transforms.browsing.found_images import FoundImage
from transforms.browsing.sheets import Sheet, SheetPart
from transforms.reporting.sheet_page import render_sheet

IMAGE = FoundImage("web", "a", "k", "a dog", False, None, "near_duplicate", "of web/a/j", "data:image/jpeg;base64,AA")


def test_what_is_known_of_an_image_stands_below_it() -> None:
    parts = (
        SheetPart("kept", 1200, (IMAGE, dataclasses.replace(IMAGE, thumbnail=None))),
        SheetPart("dropped", None, ()),
    )
    page = Elements(render_sheet(Sheet("dog", parts), "/runs/mini", "0123456789abcdef"))
    text = " ".join(page.text.split())
    assert "Kept 2 of 1,200 shown." in text and "None in the shards that were looked through." in text
    assert "a dog near duplicate of web/a/j web / a / k" in text and "picture not readable" in text
    assert [value for _, name, value in page.attributes() if name == "src"] == [IMAGE.thumbnail]
    assert "script" not in {tag for tag, _ in page.found}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_the_web_stays_text(hostile: str) -> None:
    image = FoundImage(hostile, hostile, hostile, hostile, True, None, hostile, hostile, IMAGE.thumbnail)
    page = Elements(render_sheet(Sheet(hostile, (SheetPart(hostile, 1, (image,)),)), hostile, hostile))
    harmless = Elements(render_sheet(Sheet("a", (SheetPart("b", 1, (IMAGE,)),)), "c", "d"))
    assert {tag for tag, _ in page.found} == {tag for tag, _ in harmless.found}
    assert not [name for _, name, _ in page.attributes() if name.startswith("on")]
