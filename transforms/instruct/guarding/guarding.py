"""One request a row: all its texts, and its images. A guard answers with JSON, or with a word and kinds.

The second form is that of Llama Guard (its model card): a line with ``safe`` or ``unsafe``, and one with the kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transforms.bounded_json import decode
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.section import AskedStage, Replies
from transforms.instruct.asking.shown_images import images_of
from transforms.instruct.chain.outcome import Fact, Outcome, SafetyFinding
from transforms.instruct.guarding.settings import GuardSettings
from transforms.instruct.rows import Row
from transforms.instruct.validating.findings import text_of
from transforms.rejects import Reason, Reject

_WORDS = re.compile(r"\s*(safe|unsafe)\b[\s:]*([A-Za-z0-9_, ]*)", re.IGNORECASE)
_DONE = {"drop": "dropped", "mark": "marked"}
UNJUDGED = "guard_unjudged"


class Judgement(NamedTuple):
    score: float
    kinds: tuple[str, ...]


def read_judgement(reply: Reply | None) -> Judgement | None:
    """None where nothing can be read."""
    if reply is None or reply.state != "answered":
        return None
    text = reply.text.strip()
    if text.startswith("```"):
        text = text.strip("`").removeprefix("json").strip()
    if text.startswith("{"):
        return _of_json(text)
    words = _WORDS.match(text)
    if words is None:
        return None
    kinds = tuple(kind.strip() for kind in words[2].split(",") if kind.strip())
    return Judgement(1.0, kinds) if words[1].lower() == "unsafe" else Judgement(0.0, ())


def _of_json(text: str) -> Judgement | None:
    try:
        values = decode(text)
    except ValueError:
        return None
    score, kinds = values.get("unsafe"), values.get("kinds", [])
    if isinstance(score, bool):
        score = float(score)
    if not isinstance(score, (int, float)) or not 0 <= score <= 1 or not isinstance(kinds, list):
        return None
    return Judgement(float(score), tuple(str(kind) for kind in kinds))


@dataclass(frozen=True)
class GuardStage(AskedStage):
    """The stages ``guard`` and ``guard_again``."""

    settings: GuardSettings

    def judge(self, rows: Sequence[Row], replies: Replies) -> Outcome:
        outcome = Outcome()
        for row in rows:
            for _, request in self._asked(row):
                found = read_judgement(replies(request.key))
                if found is None:
                    self._say(outcome, row, UNJUDGED, None, self.settings.unjudged)
                elif found.score >= self.settings.threshold:
                    kind = "guard:" + (",".join(found.kinds) or "unsafe")
                    self._say(outcome, row, kind, found.score, self.settings.action)
        return outcome

    def _say(self, outcome: Outcome, row: Row, kind: str, score: float | None, action: str) -> None:
        if action == "drop":
            reason = Reason.GUARD_UNJUDGED if kind == UNJUDGED else Reason.UNSAFE_BY_GUARD
            outcome.rejects.append(Reject(row.key, reason, kind))
        else:
            outcome.facts.append(Fact(row.key, safety=(SafetyFinding(kind, score, _DONE[action]),)))

    def _asked(self, row: Row) -> Iterator[tuple[None, Request]]:
        texts = [f"{message.role}: {text_of(message)}" for message in row.messages]
        images = images_of(row, self.settings.most_images) if self.settings.show_images else None
        yield None, self._request({"conversation": "\n".join(texts)}, images or ())
