"""The media of a record, handed out in the order in which its turns show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from transforms.conversations.document import Image, Message, Part, Video
from transforms.conversations.shapes import UnusableError
from transforms.rejects import Reason


@dataclass
class ShownMedia:
    """Hands out the record's media in the order in which the turns show them."""

    images: list[Any]
    videos: list[Any]
    shown_images: list[Any] = field(default_factory=list)
    shown_videos: list[Any] = field(default_factory=list)

    def show(self, kind: str, reference: Any = None) -> Part:
        """The next part of ``kind``; without a reference of its own it takes the record's next one."""
        waiting, shown = (self.images, self.shown_images) if kind == "image" else (self.videos, self.shown_videos)
        if reference is None:
            if not waiting:
                reason = Reason.MISSING_IMAGE if kind == "image" else Reason.MISSING_VIDEO
                raise UnusableError(reason, f"the turns show {kind} {len(shown) + 1}, the record holds fewer")
            reference = waiting.pop(0)
        shown.append(reference)
        return Image(len(shown) - 1) if kind == "image" else Video(len(shown) - 1)

    def place_before_first_question(self, messages: Sequence[Message]) -> list[Message]:
        """All media before what the first user turn says, where the turns show none: where some are shown and some
        are not, nobody knows which."""
        first = next((at for at, message in enumerate(messages) if message.role == "user"), None)
        if first is None or self.shown_images or self.shown_videos:
            return list(messages)
        parts = [self.show("image") for _ in range(len(self.images))]
        parts += [self.show("video") for _ in range(len(self.videos))]
        question = replace(messages[first], content=(*parts, *messages[first].content))
        return [*messages[:first], question, *messages[first + 1 :]]

    def check_all_shown(self) -> None:
        """Raises UnusableError for media that no turn shows."""
        if self.images or self.videos:
            detail = f"{len(self.images)} image(s) and {len(self.videos)} video(s) have no place in the turns"
            raise UnusableError(Reason.UNPLACED_MEDIA, detail)


def listed(record: Mapping[str, Any], kind: str) -> list[Any]:
    """The record's own list of media: ``images`` or ``image``, a list or a single reference."""
    value = record.get(kind + "s", record.get(kind))
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
