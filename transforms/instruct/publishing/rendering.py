"""A row as it is published: boxes in the configured convention, thoughts where they are wanted, what is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transforms.conversations.document import Message, Text
from transforms.conversations.folding import with_reasoning
from transforms.instruct.grounding.conventions import Pictures, Unit, from_upright
from transforms.instruct.publishing.settings import BoxSettings, PublishSettings, Reasoning
from transforms.instruct.publishing.shown import shown
from transforms.instruct.rows import Region, Row

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
#: Digits behind the point. A thousandth of a side is as fine as 0-1000 is, and finer than annotators' clicks.
_DECIMALS: dict[Unit, int] = {"pixels": 0, "0-1000": 0, "0-1": 3}

#: Numbers of a row's regions, as they are written.
Numbers = tuple[str, ...]


def render(row: Row, settings: PublishSettings) -> tuple[Row, list[Numbers]]:
    """The row as it is read by a trainer, and the four numbers of each of its regions as written.

    Regions keep their upright pixels; their places in texts are those in the new texts.
    """
    row = shown(row)
    numbers = box_numbers(row, settings.boxes)
    return _with_reasoning(_with_boxes(row, numbers), settings.reasoning), numbers


def box_numbers(row: Row, boxes: BoxSettings) -> list[Numbers]:
    """The four numbers of each region in the convention."""
    if not row.regions:
        return []
    sizes = [(row.media[one.media].width or 0, row.media[one.media].height or 0) for one in row.regions]
    corners: NDArray[np.float64] = np.array([one.xy for one in row.regions], np.float64)
    written = from_upright(corners, boxes.convention, Pictures.of(sizes))
    decimals = _DECIMALS[boxes.unit]
    return [tuple(_number(value, decimals) for value in four) for four in written.tolist()]


def _number(value: float, decimals: int) -> str:
    """Half up, as readers of pixels expect; never a minus before nothing."""
    scaled = int(np.floor(value * 10**decimals + 0.5))
    return f"{scaled / 10**decimals:.{decimals}f}" if decimals else str(scaled)


def _with_boxes(row: Row, numbers: Sequence[Numbers]) -> Row:
    """The numbers in the place of those that stand in the texts; brackets and what is around them stay."""
    in_texts: dict[tuple[int, int], list[int]] = {}
    for place, region in enumerate(row.regions):
        if region.message >= 0:
            in_texts.setdefault((region.message, region.part), []).append(place)
    if not in_texts:
        return row
    messages, regions = list(row.messages), list(row.regions)
    for (message, part), places in in_texts.items():
        content = list(messages[message].content)
        old = content[part]
        assert isinstance(old, Text)
        text, placed = _rewritten(old.text, [(place, regions[place]) for place in places], numbers)
        content[part] = Text(text)
        messages[message] = replace(messages[message], content=tuple(content))
        for place, (start, end) in placed.items():
            regions[place] = replace(regions[place], start=start, end=end)
    return replace(row, messages=tuple(messages), regions=tuple(regions))


def _rewritten(
    text: str, regions: Sequence[tuple[int, Region]], numbers: Sequence[Numbers]
) -> tuple[str, dict[int, tuple[int, int]]]:
    """The text with the numbers of its boxes, and where each of them stands now."""
    pieces: list[str] = []
    placed: dict[int, tuple[int, int]] = {}
    done, length = 0, 0
    for place, region in sorted(regions, key=lambda one: one[1].start):
        waiting = iter(numbers[place])
        box = _NUMBER.sub(lambda found, left=waiting: next(left, found[0]), text[region.start : region.end])  # type: ignore[misc]
        pieces += [text[done : region.start], box]
        start = length + region.start - done
        placed[place] = (start, start + len(box))
        done, length = region.end, start + len(box)
    return "".join([*pieces, text[done:]]), placed


def _with_reasoning(row: Row, reasoning: Reasoning) -> Row:
    match reasoning:
        case "think":
            messages = tuple(with_reasoning(message) for message in row.messages)
            return replace(row, messages=messages, regions=tuple(_behind(one, row.messages) for one in row.regions))
        case "apart":
            return row
        case "drop":
            return replace(row, messages=tuple(replace(message, reasoning=None) for message in row.messages))


def _behind(region: Region, messages: Sequence[Message]) -> Region:
    """Where it stands with a thought before the answer: that is in its first text, or a part before the others."""
    if region.message < 0 or messages[region.message].reasoning is None:
        return region
    message = messages[region.message]
    thought = with_reasoning(replace(message, content=()))
    if not isinstance(message.content[0], Text):
        return replace(region, part=region.part + 1)
    if region.part:
        return region
    shift = sum(len(part.text) for part in thought.content if isinstance(part, Text))
    return replace(region, start=region.start + shift, end=region.end + shift)
