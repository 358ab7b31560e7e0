"""Captions that a model wrote, through the gate of instruction rows: blocked words, personal data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from transforms.conversations.document import Message, Text
from transforms.instruct.rows import Row
from transforms.instruct.safety.gate import SafetyGate
from transforms.instruct.safety.settings import SafetySettings, TextSafetySettings
from transforms.rejects import Reject


class Written(NamedTuple):
    """A row of the files of captions, as ``CAPTIONS`` has it."""

    key: str
    lang: str
    caption: str
    by: str
    prompt: bytes | None
    request: bytes
    safety: tuple[str, ...] = ()


class CaptionGate:
    """Each caption is judged as a row of one answer, in the language that it was asked for in."""

    def __init__(self, settings: TextSafetySettings) -> None:
        self._gate = SafetyGate(SafetySettings(personal=settings.personal, blocked_words=settings.blocked_words))

    def judge(self, captions: Sequence[Written]) -> tuple[list[Written], list[Reject]]:
        """Those that may stay, personal data overwritten; and those that may not, by the keys of their images."""
        rows = [
            Row(str(place), "", (Message("assistant", (Text(one.caption),)),), language=one.lang)
            for place, one in enumerate(captions)
        ]
        outcome = self._gate.judge_texts(rows)
        texts = {edit.key: edit.text for edit in outcome.edits}
        found = {fact.key: tuple(sorted({one.kind for one in fact.safety})) for fact in outcome.facts}
        stopped = {reject.key: reject for reject in outcome.rejects}
        kept, rejects = [], []
        for row, caption in zip(rows, captions, strict=True):
            if (reject := stopped.get(row.key)) is not None:
                rejects.append(Reject(caption.key, reject.reason, f"{caption.lang}: {reject.detail}"))
            else:
                text = texts.get(row.key, caption.caption)
                kept.append(caption._replace(caption=text, safety=found.get(row.key, ())))
        return kept, rejects
