"""Rows → the category of each, and how it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from transforms.conversations.document import Message, Text
from transforms.instruct.answers.forms import Form, parse_answer
from transforms.instruct.categorising.rules import Exchange, RuleBook
from transforms.instruct.chain.outcome import Fact, Outcome
from transforms.instruct.question_core import core_of
from transforms.instruct.rows import Row

BY_SOURCE, BY_DEFAULT = "source", "default"


def categorise(
    rows: Sequence[Row], rules: RuleBook, sources: Mapping[str, str], with_media: str, without_media: str
) -> Outcome:
    """A fact of every row. ``sources`` come before rules; the last two are of rows that no rule knows."""
    outcome = Outcome()
    for row in rows:
        if row.source in sources:
            category, by = sources[row.source], BY_SOURCE
        elif (place := _rule_of(row, rules)) is not None:
            category, by = rules.rules[place].category, f"rule:{rules.rules[place].name}"
        else:
            category, by = (with_media if row.media else without_media), BY_DEFAULT
        outcome.facts.append(Fact(row.key, category=category, category_by=by))
    return outcome


def _rule_of(row: Row, rules: RuleBook) -> int | None:
    """The first rule of the category that most exchanges have; of two alike, of the one whose rule stands first. None
    where most exchanges are known to no rule."""
    found = [rules.first(exchange) for exchange in exchanges_of(row)]
    categories = Counter(None if place is None else rules.rules[place].category for place in found)
    if not categories:
        return None
    most = max(categories.values())
    leading = {category for category, count in categories.items() if count == most}
    known = [place for place in found if place is not None and rules.rules[place].category in leading]
    return min(known, default=None)


def exchanges_of(row: Row) -> Iterator[Exchange]:
    """Each answer with what was said by the user since the one before it."""
    forms: dict[int, Form] = {answer.message: answer.form for answer in row.answers}
    asked: list[str] = []
    first = 0
    images, videos = len(row.places_of("image")), len(row.places_of("video"))
    for number, message in enumerate(row.messages):
        if message.role == "user":
            asked.append(_said(message))
        elif message.role == "assistant":
            answer = _said(message)
            form = forms.get(number) or parse_answer(answer).form
            has_regions = any(first <= region.message <= number for region in row.regions)
            question = core_of("\n".join(asked)) if asked else ""
            yield Exchange(question, answer, form, has_regions, images, videos, row.source)
            asked, first = [], number + 1


def _said(message: Message) -> str:
    return "".join(part.text for part in message.content if isinstance(part, Text))
