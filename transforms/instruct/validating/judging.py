"""What becomes of rows: which turns are not learnt, which are not shown, which rows go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from transforms.conversations.document import Text
from transforms.instruct.chain.outcome import Edit, Fact, Outcome, edit
from transforms.instruct.rows import Row
from transforms.instruct.validating.answer_language import other_script
from transforms.instruct.validating.boxes import bad_boxes
from transforms.instruct.validating.choices import not_among_choices, repeated_choice
from transforms.instruct.validating.findings import Exchange, Finding, exchanges, shown, text_of
from transforms.instruct.validating.looping import loop_at_end
from transforms.instruct.validating.refusals import error_message, refusal
from transforms.instruct.validating.residue import garbled, special_token, stray_placeholder, without_html
from transforms.instruct.validating.settings import ValidateSettings
from transforms.instruct.validating.truncation import cut_end, cut_start
from transforms.instruct.validating.turns import empty_turns, out_of_order
from transforms.rejects import Reason, Reject


def judge_rows(
    rows: Sequence[Row], settings: ValidateSettings, declared: Mapping[str, str] = MappingProxyType({})
) -> Outcome:
    """Of rows with their texts as they stand now; so it can be asked again of what a later stage wrote.

    ``declared``: the languages of sources that declare one.
    """
    outcome = Outcome()
    for row in rows:
        edits = list(_mended(row)) if settings.html else []
        found = judge_row(_with_edits(row, edits), settings, declared)
        if isinstance(found, Reject):
            outcome.rejects.append(found)
            continue
        if found is not None:
            outcome.facts.append(found)
        outcome.edits += edits
    return outcome


def judge_row(row: Row, settings: ValidateSettings, declared: Mapping[str, str]) -> Fact | Reject | None:
    """None of a row with which nothing is wrong."""
    end = out_of_order(row.messages) if settings.turn_order else None
    first = Finding(end, Reason.ROLES_OUT_OF_ORDER, _order(row, end)) if end is not None else None
    row = row if end is None else replace(row, messages=row.messages[:end])
    bad = {exchange.message: exchange for exchange in exchanges(row)}
    found: list[Finding] = [] if first is None else [first]
    masked: set[int] = set()
    for finding in _findings(row, bad.values(), settings, declared.get(row.source)):
        answers = _spoilt(finding, row, bad)
        masked.update(answers)
        if answers:
            found.append(finding)
    learnt = [message for message in bad if message not in masked]
    if not learnt or (found and settings.bad_answer == "reject"):
        worst = found[0] if found else Finding(0, Reason.NO_ANSWER, "no answer is learnt")
        return Reject(row.key, worst.reason, f"message {worst.message}: {worst.detail}")
    if not found:
        return None
    if settings.bad_answer == "cut" and masked:
        end = min(bad[message].first for message in masked)
        learnt = [message for message in learnt if message < end]
        if not learnt:
            return Reject(row.key, found[0].reason, f"message {found[0].message}: {found[0].detail}")
    # what stands behind the last answer that is learnt is read for nothing
    end = learnt[-1] + 1 if end is not None or learnt[-1] + 1 < len(row.messages) else None
    inside = tuple(sorted(message for message in masked if end is None or message < end))
    return Fact(row.key, masked=inside, cut_from=end)


def _order(row: Row, end: int | None) -> str:
    roles = [message.role for message in row.messages[: (end or 0) + 1]]
    return f"{roles[-1]} after {roles[-2]}" if len(roles) > 1 else f"{roles[-1]} first"


def _spoilt(finding: Finding, row: Row, learnt: dict[int, Exchange]) -> list[int]:
    """The answers that are not to be learnt: a bad one itself, and what answers a bad question; of a bad turn of the
    system or a tool, all that follow."""
    role = row.messages[finding.message].role
    if role == "assistant":
        return [finding.message] if finding.message in learnt else []
    if role == "user":
        return [message for message, one in learnt.items() if one.first <= finding.message < message]
    return [message for message in learnt if message > finding.message]


def _findings(
    row: Row, answers: Iterable[Exchange], settings: ValidateSettings, declared: str | None
) -> Iterator[Finding]:
    if settings.empty_turns:
        yield from empty_turns(row)
    if settings.boxes:
        yield from bad_boxes(row, settings.min_box_inside)
    for index, message in enumerate(row.messages):
        text = text_of(message)
        if settings.template_residue and (token := special_token(text)):
            yield Finding(index, Reason.RESERVED_TOKEN, f"holds {token}")
        if settings.placeholders and message.role != "tool" and (token := stray_placeholder(text)):
            yield Finding(index, Reason.STRAY_PLACEHOLDER, f"{token} stands in the text, and shows nothing")
    for exchange in answers:
        if (text := exchange.text.strip()) or exchange.reasoning:
            for check in _CHECKS:
                if finding := check(_Asked(exchange, text, row, settings, declared)):
                    yield finding
                    break


class _Asked(NamedTuple):
    """What is asked of an answer, and what of it is known."""

    exchange: Exchange
    text: str
    row: Row
    settings: ValidateSettings
    declared: str | None

    def finding(self, reason: Reason, detail: str) -> Finding:
        return Finding(self.exchange.message, reason, detail)


def _is_error(asked: _Asked) -> Finding | None:
    found = error_message(asked.text, asked.exchange.question) if asked.settings.error_messages else None
    return asked.finding(Reason.ERROR_MESSAGE, shown(found)) if found else None


def _is_refusal(asked: _Asked) -> Finding | None:
    """With tools at hand, that there is none for what is asked is the right answer."""
    found = refusal(asked.text) if asked.settings.refusals and not asked.row.tools else None
    return asked.finding(Reason.REFUSAL, shown(found)) if found else None


def _is_garbled(asked: _Asked) -> Finding | None:
    found = garbled(asked.exchange.question) or garbled(asked.text) if asked.settings.garbled else None
    return asked.finding(Reason.GARBLED_TEXT, found) if found else None


def _loops(asked: _Asked) -> Finding | None:
    settings = asked.settings
    for said in (asked.text, asked.exchange.reasoning) if settings.looping else ():
        if found := loop_at_end(said, settings.min_loop_repeats, settings.min_loop_characters):
            return asked.finding(Reason.LOOPING_TEXT, f"{shown(found[0])!r} {found[1]} times")
    return None


def _is_truncated(asked: _Asked) -> Finding | None:
    if not asked.settings.truncated:
        return None
    answer = asked.exchange.answer
    found = cut_start(asked.text)
    if found is None and (answer is None or answer.form in ("free", "list", "code")):
        found = cut_end(asked.text, asked.exchange.question)
    return asked.finding(Reason.TRUNCATED_TEXT, found) if found else None


def _is_of_other_script(asked: _Asked) -> Finding | None:
    if not asked.settings.language:
        return None
    found = other_script(asked.exchange, asked.declared, asked.row.language, asked.settings.min_language_letters)
    return asked.finding(Reason.UNEXPECTED_LANGUAGE, found) if found else None


def _is_no_choice(asked: _Asked) -> Finding | None:
    answer = asked.exchange.answer
    if not asked.settings.choices or answer is None:
        return None
    if choice := repeated_choice(answer):
        return asked.finding(Reason.REPEATED_CHOICES, f"{shown(choice)!r} is offered twice")
    if (answered := not_among_choices(answer)) is not None:
        return asked.finding(Reason.NOT_AMONG_CHOICES, f"{answered!r} of {len(answer.choices)}")
    return None


#: The first that finds something is the reason.
_CHECKS: tuple[Callable[[_Asked], Finding | None], ...] = (
    _is_error, _is_refusal, _is_garbled, _loops, _is_truncated, _is_of_other_script, _is_no_choice,
)  # fmt: skip


def _mended(row: Row) -> Iterator[Edit]:
    if not any("<" in text or "&" in text for text in map(text_of, row.messages)):
        return  # no HTML
    for exchange in exchanges(row):
        for part, said in enumerate(row.messages[exchange.message].content):
            plain = without_html(said.text, exchange.question) if isinstance(said, Text) else None
            if plain:
                yield edit(row, exchange.message, part, plain, "normalised", "validate: html")


def _with_edits(row: Row, edits: Sequence[Edit]) -> Row:
    """The row as it reads then, and with it what its answers are."""
    if not edits:
        return row
    messages = list(row.messages)
    for one in edits:
        content = list(messages[one.message].content)
        content[one.part] = Text(one.text)
        messages[one.message] = replace(messages[one.message], content=tuple(content))
    edited = {one.message for one in edits}
    answers = tuple(replace(answer, form="free") if answer.message in edited else answer for answer in row.answers)
    return replace(row, messages=tuple(messages), answers=answers)
