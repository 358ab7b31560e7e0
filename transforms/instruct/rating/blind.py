"""How far a question needs its picture, measured: it is asked without, and what comes back compared with the answer.

1 minus the agreement: of answers with a value, whether it is the same; of sentences, the share of words (of Chinese
characters) that they have in common (F1). One question says little, as half of all guesses at yes or no are right; many
say how a source or a category does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.instruct.answers.forms import parse_answer
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.section import AskedStage, Replies
from transforms.instruct.chain.outcome import Fact, Outcome, Rating
from transforms.instruct.rating.rating import NOT_RATED
from transforms.instruct.rating.settings import BlindSettings
from transforms.instruct.rows import Row
from transforms.instruct.validating.findings import Exchange, exchanges

#: The axis of facts.
AXIS = "measured_image_dependence"
_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W_]+")


@dataclass(frozen=True)
class BlindStage(AskedStage):
    """The stage ``blind``."""

    settings: BlindSettings

    def judge(self, rows: Sequence[Row], replies: Replies) -> Outcome:
        outcome = Outcome()
        for row in rows:
            ratings = tuple(self._rating(exchange, replies(request.key)) for exchange, request in self._asked(row))
            if ratings:
                outcome.facts.append(Fact(row.key, ratings=ratings))
        return outcome

    def _asked(self, row: Row) -> Iterator[tuple[Exchange, Request]]:
        for exchange in exchanges(row):
            if exchange.shows and exchange.question.strip():
                yield exchange, self._request({"question": exchange.question})

    def _rating(self, exchange: Exchange, reply: Reply | None) -> Rating:
        if reply is None or reply.state == "refused":
            return Rating(exchange.message, f"{NOT_RATED}no_reply", 0.0, self.server.by)
        return Rating(exchange.message, AXIS, 1 - agreement(exchange, reply.text), self.server.by)


def agreement(exchange: Exchange, said: str) -> float:
    """From 0 to 1."""
    known = exchange.answer
    if known is not None and known.value is not None and known.form != "list":
        parsed = parse_answer(said.strip(), known.choices)
        if known.correct and parsed.correct:
            return float(parsed.correct == known.correct)
        return float(parsed.value is not None and parsed.value.casefold() == known.value.casefold())
    ours, theirs = (Counter(_WORD.findall(text.casefold())) for text in (exchange.text, said))
    common = (ours & theirs).total()
    return 2 * common / max(ours.total() + theirs.total(), 1)
