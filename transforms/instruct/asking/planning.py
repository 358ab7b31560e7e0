"""What asking will take, estimated from a few rows: requests, tokens, money. Nothing is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transforms.instruct.asking.request import Request
from transforms.instruct.asking.spending import Amount, Price
from transforms.instruct.rows import Row
from transforms.scripts import Script, count_letters

#: Assumed, not measured here: characters of a token of common byte-level tokenizers, and of one of Chinese.
_LETTERS_PER_TOKEN, _HAN_PER_TOKEN = 4.0, 1.5
_AROUND_A_TURN = 6
#: Qwen2.5-VL's: 28 by 28 pixels a token. Others differ.
_PIXELS_PER_TOKEN = 28 * 28
_SHORT_REPLY = 40  # tokens of one that only judges


@dataclass(frozen=True)
class Plan:
    """Of one stage. ``likely`` tokens, and ``most`` that replies of full length would take."""

    stage: str
    model: str
    rows: int
    requests: int
    likely: Amount
    most: Amount
    price: Price | None

    @property
    def money(self) -> tuple[float, float] | None:
        return None if self.price is None else (self.price.of(self.likely), self.price.of(self.most))


def text_tokens(text: str) -> float:
    """Of a text, about."""
    han = int(count_letters((text,))[0][Script.HAN]) / 3
    return (len(text) - han) / _LETTERS_PER_TOKEN + han / _HAN_PER_TOKEN


def prompt_tokens(request: Request, pixels_per_image: float) -> float:
    found = 0.0
    for turn in request.turns:
        found += text_tokens(turn.text) + _AROUND_A_TURN + len(turn.images) * pixels_per_image / _PIXELS_PER_TOKEN
    return found


def pixels_per_image(rows: Sequence[Row]) -> float:
    """The mean of what ``rows`` show."""
    sizes = [(one.width or 0) * (one.height or 0) for row in rows for one in row.media]
    return float(np.mean(sizes)) if sizes else 0.0


def estimate(
    stage: str,
    requests: Sequence[Request],
    sample: Sequence[Row],
    rows: int,
    writes: bool,
    price: Price | None,
    share: float = 1.0,
) -> Plan:
    """From the ``requests`` of a ``sample`` of ``rows``; ``share`` of them are asked. ``writes``: replies are as long
    as what was sent of a row, else short."""
    scale = share * rows / max(len(sample), 1)
    pixels = pixels_per_image(sample)
    sent = sum(prompt_tokens(one, pixels) for one in requests)
    replies = [text_tokens(one.turns[-1].text) * 1.2 if writes else _SHORT_REPLY for one in requests]
    likely = sum(min(reply, one.max_tokens) for reply, one in zip(replies, requests, strict=True))
    longest = sum(one.max_tokens for one in requests)
    return Plan(
        stage,
        requests[0].model if requests else "",
        rows,
        round(len(requests) * scale),
        Amount(round(sent * scale), round(likely * scale)),
        Amount(round(sent * scale), round(longest * scale)),
        price,
    )
