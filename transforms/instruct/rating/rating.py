"""Each answer rated by a model that sees question, answer and images: one request an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.instruct.asking.request import Request
from transforms.instruct.asking.section import AskedStage, Replies
from transforms.instruct.asking.shown_images import images_of
from transforms.instruct.chain.outcome import Fact, Outcome, Rating
from transforms.instruct.rating.settings import RateSettings
from transforms.instruct.rewording.checks import read_json
from transforms.instruct.rows import Row
from transforms.instruct.validating.findings import Exchange, exchanges
from transforms.rejects import Reason, Reject

#: Marks of the prompt, the least and the best.
_MARKS = (1, 5)
#: In the place of an axis, of an answer that could not be rated; what follows is why.
NOT_RATED = "not_rated:"


@dataclass(frozen=True)
class RatingStage(AskedStage):
    """The stage ``rate``."""

    settings: RateSettings

    def judge(self, rows: Sequence[Row], replies: Replies) -> Outcome:
        outcome = Outcome()
        for row in rows:
            ratings = tuple(
                rating
                for (exchange, axes), request in self._asked(row)
                for rating in self._ratings(exchange.message, axes, request, replies)
            )
            if low := [one for one in ratings if one.score < self.settings.drop_below.get(one.axis, 0.0)]:
                outcome.rejects.append(Reject(row.key, Reason.LOW_RATING, f"{low[0].axis} {low[0].score:.2f}"))
            elif ratings:
                outcome.facts.append(Fact(row.key, ratings=ratings))
        return outcome

    def _asked(self, row: Row) -> Iterator[tuple[tuple[Exchange, list[str]], Request]]:
        images = images_of(row, self.settings.most_images)
        if images is None:
            return
        for exchange in exchanges(row):
            shows = exchange.shows and bool(images)
            axes = [axis for axis in self.settings.axes if shows or axis not in self.settings.image_axes]
            if not axes:
                continue
            values = {"question": exchange.question, "answer": exchange.text, "axes": axes, "shows": shows}
            yield (exchange, axes), self._request(values, images if shows else ())

    def _ratings(self, message: int, axes: Sequence[str], request: Request, replies: Replies) -> list[Rating]:
        found = read_json(replies(request.key), "ratings")
        if isinstance(found, str):
            return [Rating(message, f"{NOT_RATED}{found}", 0.0, self.server.by)]
        marks = found[0] if isinstance(found[0], dict) else {}
        if any(not _is_mark(marks.get(axis)) for axis in axes):
            return [Rating(message, f"{NOT_RATED}json", 0.0, self.server.by)]
        least, best = _MARKS
        return [Rating(message, axis, (marks[axis] - least) / (best - least), self.server.by) for axis in axes]


def _is_mark(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and _MARKS[0] <= value <= _MARKS[1]
