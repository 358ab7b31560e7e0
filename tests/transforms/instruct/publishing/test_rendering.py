"""Boxes in one convention, thoughts where they are wanted, media that are still shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Message, Text, Video
from transforms.instruct.grounding.conventions import Pictures, from_upright, to_upright
from transforms.instruct.grounding.notations import find_boxes
from transforms.instruct.publishing.rendering import render
from transforms.instruct.publishing.settings import BoxSettings, PublishSettings
from transforms.instruct.publishing.shown import shown
from transforms.instruct.rows import Medium, Region, Row

SIZE = (200, 100)


def text_of(row: Row, message: int) -> str:
    return "".join(part.text for part in row.messages[message].content if isinstance(part, Text))


def boxed(text: str, *boxes: tuple[float, ...]) -> Row:
    """Boxes in upright pixels, in the order in which they stand in the text."""
    found = find_boxes(text)
    assert len(found) == len(boxes)
    regions = tuple(Region(0, "box", xy, "", 1, 0, at.start, at.end) for xy, at in zip(boxes, found, strict=True))
    medium = Medium("image", width=SIZE[0], height=SIZE[1])
    return Row("s/p/0", "s", (turn("user", Image(0)), turn("assistant", text)), media=(medium,), regions=regions)


@pytest.mark.parametrize(
    ("boxes", "text"),
    [
        (BoxSettings(), "a [100, 100, 500, 500] and [0, 0, 1000, 1000]"),
        (BoxSettings(unit="pixels"), "a [20, 10, 100, 50] and [0, 0, 200, 100]"),
        (BoxSettings(unit="0-1"), "a [0.100, 0.100, 0.500, 0.500] and [0.000, 0.000, 1.000, 1.000]"),
        (BoxSettings(unit="pixels", order="xywh"), "a [20, 10, 80, 40] and [0, 0, 200, 100]"),
        (BoxSettings(frame="padded_square"), "a [100, 300, 500, 500] and [0, 250, 1000, 750]"),
    ],
)
def test_each_convention(boxes: BoxSettings, text: str) -> None:
    row = boxed("a [0.1, 0.1, 0.5, 0.5] and [0, 0, 1, 1]", (20, 10, 100, 50), (0, 0, 200, 100))
    found, _ = render(row, PublishSettings(boxes=boxes))
    assert text_of(found, 1) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<ref>it</ref><box>(20,10),(100,50)</box>", "<ref>it</ref><box>(100,100),(500,500)</box>"),
        ('{"bbox_2d": [20, 10, 100, 50], "label": "cat 3"}', '{"bbox_2d": [100, 100, 500, 500], "label": "cat 3"}'),
        ("<|box_start|>(20,10),(100,50)<|box_end|> 7", "<|box_start|>(100,100),(500,500)<|box_end|> 7"),
    ],
)
def test_what_is_around_the_numbers_stays(before: str, after: str) -> None:
    found, _ = render(boxed(before, (20, 10, 100, 50)), PublishSettings())
    assert text_of(found, 1) == after


@given(
    st.lists(st.tuples(*([st.integers(0, 1000)] * 4)), min_size=1, max_size=5),
    st.sampled_from(["xyxy", "xywh", "cxcywh", "yxyx"]),
    st.sampled_from(["upright", "padded_square", "smart_resized"]),
    st.tuples(st.integers(28, 3000), st.integers(28, 3000)),
)
def test_what_is_written_reads_as_the_same_places(
    thousandths: list[tuple[int, ...]], order: str, frame: str, size: tuple[int, int]
) -> None:
    """To half a unit, as it is rounded; found again where the regions say."""
    settings = BoxSettings.model_validate({"order": order, "frame": frame})
    text = " x ".join(str(list(four)) for four in thousandths)
    pictures = Pictures.of([size] * len(thousandths))
    corners = [
        tuple(np.float32(one) / 1000 * side for one, side in zip(four, (*size, *size), strict=True))
        for four in thousandths
    ]
    row = replace(boxed(text, *corners), media=(Medium("image", width=size[0], height=size[1]),))
    found, numbers = render(row, PublishSettings(boxes=settings))
    written = find_boxes(text_of(found, 1))
    assert [(one.start, one.end) for one in written] == [(one.start, one.end) for one in found.regions]
    exact = from_upright(corners, settings.convention, pictures)
    assert np.abs(np.array([one.numbers for one in written]) - exact).max() <= 0.5 + 1e-3
    assert [tuple(map(float, four)) for four in numbers] == [one.numbers for one in written]
    sides = to_upright(exact, settings.convention, pictures)
    assert np.allclose(sides, corners, atol=1e-6 * max(size))


def test_a_source_of_thousandths_keeps_its_texts() -> None:
    text = "[38, 106, 493, 706]"
    medium = Medium("image", width=213, height=160)
    xy = tuple(
        float(np.float32(one * side / 1000)) for one, side in zip((38, 106, 493, 706), (213, 160) * 2, strict=True)
    )
    found, _ = render(replace(boxed(text, xy), media=(medium,)), PublishSettings())
    assert text_of(found, 1) == text


@pytest.mark.parametrize(
    ("reasoning", "said", "thought"),
    [("think", "<think>\nLook.\n</think>\n\nYes.", None), ("apart", "Yes.", "Look."), ("drop", "Yes.", None)],
)
def test_thoughts(reasoning: str, said: str, thought: str | None) -> None:
    row = Row("s/p/0", "s", (turn("user", "?"), Message("assistant", (Text("Yes."),), reasoning="Look.")))
    found, _ = render(row, PublishSettings.model_validate({"reasoning": reasoning}))
    assert (text_of(found, 1), found.messages[1].reasoning) == (said, thought)


def test_a_box_behind_a_thought_is_still_found() -> None:
    row = boxed("[20, 10, 100, 50]", (20, 10, 100, 50))
    row = replace(row, messages=(row.messages[0], replace(row.messages[1], reasoning="Left.")))
    found, _ = render(row, PublishSettings())
    (region,) = found.regions
    assert text_of(found, 1)[region.start : region.end] == "[100, 100, 500, 500]"


def test_media_that_are_not_shown_are_gone_and_the_others_counted_anew() -> None:
    media = tuple(
        Medium(kind, uri=uri) for kind, uri in (("image", "a"), ("video", "v"), ("image", "b"), ("image", "c"))
    )  # type: ignore[arg-type]
    regions = (Region(0, "box", (0, 0, 1, 1)), Region(2, "box", (0, 0, 2, 2)))
    row = Row(
        "s/p/0", "s", (turn("user", Image(1), "x", Video(0)), turn("assistant", "y")), media=media, regions=regions
    )
    found = shown(row)
    assert [one.uri for one in found.media] == ["b", "v"]
    assert found.messages[0].content == (Image(0), Text("x"), Video(0))
    assert found.regions == (replace(regions[1], media=0),)
    assert shown(found) is found


def test_a_medium_shown_twice_is_there_twice() -> None:
    row = Row("s/p/0", "s", (turn("user", Image(0), Image(0)),), media=(Medium("image", uri="a"),))
    found = shown(row)
    assert [one.uri for one in found.media] == ["a", "a"] and found.messages[0].content == (Image(0), Image(1))
