"""What a row still shows: media that no turn shows any more are gone, and the others are counted anew."""

from __future__ import annotations

from dataclasses import replace

from transforms.conversations.document import Image, Part, Text
from transforms.instruct.rows import Medium, Row


def shown(row: Row) -> Row:
    """``row`` with its media in the order in which its turns show them, one each time that it is shown.

    Regions on a medium that is gone go with it; those on one that is shown twice are of the first.
    """
    order: list[int] = []  # places in row.media
    numbers = {"image": 0, "video": 0}
    places = {kind: row.places_of(kind) for kind in ("image", "video")}

    def renumbered(part: Part) -> Part:
        if isinstance(part, Text):
            return part
        kind = "image" if isinstance(part, Image) else "video"
        order.append(places[kind][part.index])
        numbers[kind] += 1
        return type(part)(numbers[kind] - 1)

    messages = tuple(
        replace(message, content=tuple(renumbered(part) for part in message.content)) for message in row.messages
    )
    if order == list(range(len(row.media))):
        return row
    media: tuple[Medium, ...] = tuple(row.media[place] for place in order)
    regions = tuple(replace(one, media=order.index(one.media)) for one in row.regions if one.media in order)
    return replace(row, messages=messages, media=media, regions=regions)
