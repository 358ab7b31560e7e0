"""Documents in which texts and images stand in a row, as images with a caption each."""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from transforms.reading.settings import SourceSettings
from transforms.reading.source_record import SourceRecord, read_record

#: Texts and images of one document: their positions are kept in as many bits of ``member_offset``.
POSITION_BITS = 20
_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass
class Document:
    """``texts``, ``images`` and ``metadata`` have one length; at each position stands a text or an image.

    ``images`` holds the name or URL of each; ``metadata`` what the source says of each; ``about`` what it says of the
    whole document.
    """

    name: str
    texts: Sequence[str | None]
    images: Sequence[str | None]
    metadata: Sequence[Any]
    about: Any
    _places: list[int] = field(init=False)  # of texts

    def __post_init__(self) -> None:
        self._places = [place for place, text in enumerate(self.texts) if text and text.strip()]

    @property
    def positions(self) -> list[int]:
        """Of its images."""
        return [position for position, image in enumerate(self.images) if image is not None]

    def caption(self, position: int, source: SourceSettings) -> str | None:
        """What the source takes for the caption of the image that stands there."""
        if source.document_text == "none":
            return None
        if source.document_text == "nearest":
            return self._nearest(position)
        metadata = self.metadata[position]
        alt = metadata.get("alt_text") if isinstance(metadata, dict) else None
        return alt if isinstance(alt, str) else None

    def record(self, position: int, **more: Any) -> SourceRecord:
        """Where the image stands, and what the source says of it and of its document."""
        values = {
            "document": self.name,
            "position": position,
            "image": self.images[position],
            "metadata": self.metadata[position],
            "document_metadata": self.about,
            **more,
        }
        # a lone surrogate is written as its escape, which is that of JSON
        text = json.dumps(values, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return read_record(text)._replace(values=None)  # nothing of it is used here, and a shard has many

    def _nearest(self, position: int) -> str | None:
        after = bisect.bisect_right(self._places, position)
        behind = self._places[after] if after < len(self._places) else None
        before = self._places[after - 1] if after else None
        if behind is not None and (before is None or behind - position <= position - before):
            return _paragraphs(self.texts[behind])[0]
        return None if before is None else _paragraphs(self.texts[before])[-1]


def _paragraphs(text: str | None) -> list[str]:
    return _BLANK_LINES.split((text or "").strip())


def image_key(document: str, position: int) -> str:
    """Of the image at a position of a document; different for different ones."""
    return f"{document}_{position:04d}"
