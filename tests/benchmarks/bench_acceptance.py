"""What is taken of right replies and of ones with a fault: ``python -m tests.benchmarks.bench_acceptance [ROWS]``.

Rows of the embedded instruction sets without a fault of their own; an oracle in the place of a model, which answers
rightly, or with one named fault each time. A false refusal is a right reply that was not taken, a false accept a spoilt
one that was; a fault that leaves a reply as it was (a sentinel lost where there is none) is not counted. What a model
judges is held against the truth of the scenes: whether a question needs its picture, and whether an answer, turned over
in every second row, agrees with it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import pathlib
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

import pyarrow.parquet as pq

from tests.benchmarks.harness import keep
from tests.transforms.instruct.asking.oracle import Fault, Oracle
from transforms.conversations.document import Message, Text
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.asking.reply import Reply, reply_of
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.section import AskedStage
from transforms.instruct.asking.settings import ServerSettings
from transforms.instruct.rating.blind import AXIS, BlindStage
from transforms.instruct.rating.rating import NOT_RATED, RatingStage
from transforms.instruct.rating.settings import BlindSettings, RateSettings
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.rewording.rewriting import Rewriting
from transforms.instruct.rewording.settings import RewriteSettings, TranslateSettings
from transforms.instruct.rewording.translating import Translating
from transforms.instruct.rows import Row
from transforms.instruct.standardising import standardise
from transforms.instruct.validating.findings import Exchange, exchanges
from transforms.keyed import hash64
from transforms.miniature.instruct.corpus import rows_path, write_corpus
from transforms.miniature.instruct.declared import declared_sources
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.storage import StoragePath

ROWS = 2_000
SERVER = ServerSettings(base_url="http://127.0.0.1:9/v1", model="oracle", max_tokens=10**6)
LANGUAGES = ("en", "zh")
LINE_BREAKS = "line breaks"

Known = list[tuple[Row, Mapping[str, Any]]]
Replies = dict[bytes, Reply]


def known_rows(folder: pathlib.Path, rows: int) -> Known:
    """Standardised rows in the two languages with nothing planted in them, and the truth about each."""
    write_corpus(StoragePath.of(folder), InstructCorpusSettings(rows=rows))
    records: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for record in pq.read_table(rows_path(StoragePath.of(folder)).path).to_pylist():
        records[record["source"], record["file"].rpartition(".")[0]].append(record)
    found: Known = []
    for source in declared_sources(StoragePath.of(folder)):
        for part in list_parts(source, 64 << 20):
            read = sorted(standardise(part, source), key=lambda one: one.key)
            for one, truth in zip(read, records[part.source, part.name], strict=True):
                if isinstance(one, Row) and not truth["fault"] and truth["unsafe"] is None:
                    found.append((dataclasses.replace(one, language=truth["language"]), truth))
    return [one for one in found if one[0].language in LANGUAGES]


def replies_of(oracle: Oracle, requests: Sequence[Request]) -> Replies:
    """Without HTTP, which changes no reply."""
    found: Replies = {}
    for request in requests:
        said = oracle(request.body(), 0)
        assert said.body is not None
        reply = reply_of(said.body) if said.status == 200 else Reply(json.dumps(said.body), "refused")
        assert reply is not None
        found[request.key] = reply
    return found


def acceptance(stage: AskedStage, rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """By fault and language (``number zh``): replies that had it, and those that were taken all the same."""
    requests = list({one.key: one for one in stage.requests(rows)}.values())
    right = replies_of(Oracle(), requests)
    by_key = {row.key: row for row in rows}
    found: dict[str, dict[str, int]] = {}
    for fault in (None, *get_args(Fault)):
        said = right if fault is None else replies_of(Oracle(fault=fault), requests)
        # a translation has one verdict, told of each of its texts
        edits = {bytes(edit.request or b""): edit for edit in stage.judge(rows, said.get).edits}
        for key, edit in edits.items():
            if fault is None or said[key] != right[key]:
                row = by_key[edit.key]
                name = f"{_named(fault, row)} {row.language}"
                counts = found.setdefault(name, {"replies": 0, "taken": 0})
                counts["replies"] += 1
                counts["taken"] += edit.verdict == "kept"
    return found


def _named(fault: Fault | None, row: Row) -> str:
    """Without choices, what loses them loses line breaks, which no check looks for."""
    if fault != "choices":
        return fault or "right"
    return "choices" if any(one.choices for one in row.answers) else LINE_BREAKS


def first_exchange(row: Row) -> Exchange | None:
    return next(exchanges(row), None)


def blind_test(known: Known) -> dict[str, dict[str, int]]:
    """By form and language: questions that need no picture and are measured to (``missed``), and the other way round
    (``taken_for_blind``). What the oracle cannot know it guesses, as a model would."""
    stage, rows = BlindStage(BlindSettings(server="m"), SERVER), [row for row, _ in known]
    answers = {request.turns[-1].text: text for request, text in _guessed(stage, known)}
    outcome = stage.judge(rows, replies_of(Oracle(blind=answers), list(stage.requests(rows))).get)
    score = {(fact.key, one.message): one.score for fact in outcome.facts for one in fact.ratings if one.axis == AXIS}
    found: dict[str, dict[str, int]] = {}
    for row, truth in known:
        exchange = first_exchange(row)
        if exchange is None or (row.key, exchange.message) not in score:
            continue
        needs = score[row.key, exchange.message] > 0.5
        form = exchange.answer.form if exchange.answer else "free"
        counts = found.setdefault(
            f"{form} {row.language}", {"blind": 0, "missed": 0, "seeing": 0, "taken_for_blind": 0}
        )
        counts["blind" if truth["blind"] else "seeing"] += 1
        counts["missed"] += bool(truth["blind"]) and needs
        counts["taken_for_blind"] += not truth["blind"] and not needs
    return found


def _guessed(stage: BlindStage, known: Known) -> Iterator[tuple[Request, str]]:
    for row, truth in known:
        guesses = {"yes_no": ("Yes", "No") if row.language == "en" else ("是", "否"), "letter": tuple("ABCD")}
        for request, exchange in zip(stage.requests([row]), (one for one in exchanges(row) if one.shows), strict=False):
            form = exchange.answer.form if exchange.answer else "free"
            of_form = guesses.get(form, tuple("12345") if form == "number" else ("nobody knows",))
            is_first = exchange.message == getattr(first_exchange(row), "message", None)
            known_answer = truth["answers"][0]["value"] if truth["blind"] and is_first else None
            yield request, known_answer or of_form[hash64("guess", row.key, exchange.message) % len(of_form)]


def rating(known: Known) -> dict[str, dict[str, int]]:
    """By language: yes and no turned over in every second row, rated by the truth, and dropped below the middle of
    ``image_agreement``; and replies that hold no marks, which must be no ratings."""
    wrong, rows = set[str](), []
    for row, _ in known:
        if (turned := _turned(row)) is None:
            continue
        is_wrong = hash64("turned", row.key) % 2 == 0
        wrong |= {row.key} if is_wrong else set()
        rows.append(turned if is_wrong else row)
    stage = RatingStage(RateSettings(server="m", drop_below={"image_agreement": 0.5}), SERVER)
    requests = {row.key: list(stage.requests([row])) for row in rows}
    marks = {True: 1, False: 5}
    replies = {one.key: _marked(marks[key in wrong], one) for key, asked in requests.items() for one in asked}
    dropped = {one.key for one in stage.judge(rows, replies.get).rejects}
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        counts = found.setdefault(str(row.language), {"wrong": 0, "wrong_kept": 0, "right": 0, "right_dropped": 0})
        counts["wrong" if row.key in wrong else "right"] += 1
        counts["wrong_kept"] += row.key in wrong and row.key not in dropped
        counts["right_dropped"] += row.key not in wrong and row.key in dropped
    for name, spoil in _SPOILT_MARKS.items():
        outcome = stage.judge(rows, {key: spoil(reply) for key, reply in replies.items()}.get)
        ratings = [one for fact in outcome.facts for one in fact.ratings]
        taken = sum(not one.axis.startswith(NOT_RATED) for one in ratings) + len(outcome.rejects)
        found[name] = {"replies": len(replies), "taken": taken}
    return found


def _marked(mark: int, request: Request) -> Reply:
    axes = re.findall(r"\"(\w+)\": 3", request.turns[0].text)
    return Reply(json.dumps({"ratings": dict.fromkeys(axes, mark)}))


def _said(change: Callable[[str], str]) -> Callable[[Reply], Reply]:
    return lambda reply: dataclasses.replace(reply, text=change(reply.text))


_SPOILT_MARKS: Mapping[str, Callable[[Reply], Reply]] = {
    "words": _said(lambda text: "I would say: " + text),
    "beyond the scale": _said(lambda text: re.sub(r": \d", ": 9", text)),
    "an axis less": _said(lambda text: re.sub(r'"relevance": \d, ', "", text)),
    "words for marks": _said(lambda text: re.sub(r": (\d)", r': "\1"', text)),
    "cut": lambda reply: dataclasses.replace(reply, state="cut"),
    "refused": lambda reply: dataclasses.replace(reply, state="refused"),
}

_TURNED = {"yes": "No", "no": "Yes", "是": "否", "否": "是", "是的": "否", "有": "没有", "没有": "有"}


def _turned(row: Row) -> Row | None:
    """With the other answer, of a row with one exchange that shows something and is answered by yes or no alone."""
    if len(row.messages) < 2 or not row.media or sum(one.role == "assistant" for one in row.messages) != 1:
        return None
    last = row.messages[-1]
    text = "".join(part.text for part in last.content if isinstance(part, Text)).strip().rstrip(".。").lower()
    if text not in _TURNED:
        return None
    messages = (*row.messages[:-1], Message("assistant", (Text(_TURNED[text]),)))
    return dataclasses.replace(row, messages=messages, answers=read_answers(messages, ()))


def _table(title: str, found: Mapping[str, Mapping[str, int]]) -> None:
    columns = list(next(iter(found.values())))
    print(f"\n{title:<24}" + "".join(f"{name:>18}" for name in columns))
    for name, counts in found.items():
        print(f"{name:<24}" + "".join(f"{counts.get(column, 0):>18,}" for column in columns))


def _sum(found: Mapping[str, Mapping[str, int]], column: str, but: tuple[str, ...] = ()) -> int:
    return sum(counts.get(column, 0) for name, counts in found.items() if not name.startswith(but))


def main(rows: int = ROWS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        known = known_rows(pathlib.Path(folder), rows)
        every = [row for row, _ in known]
        stages: dict[str, AskedStage] = {
            "rewrite": Rewriting(RewriteSettings(server="m"), SERVER, 0),
            "translate": Translating(TranslateSettings(server="m"), SERVER, 0, dict.fromkeys(LANGUAGES, 1 << 64)),
        }
        taken = {name: acceptance(stage, every) for name, stage in stages.items()}
        blind, rated = blind_test(known), rating(known)
    for name, found in (*taken.items(), ("blind", blind), ("rate", {k: v for k, v in rated.items() if k in LANGUAGES})):
        _table(name, found)
    spoilt = {name: counts for name, counts in rated.items() if name not in LANGUAGES}
    _table("rate, spoilt", spoilt)
    figures: dict[str, Any] = {}
    for name, found in taken.items():
        right = {key: counts for key, counts in found.items() if key.startswith("right ")}
        figures[f"{name}_right"] = _sum(right, "replies")
        figures[f"{name}_right_refused"] = _sum(right, "replies") - _sum(right, "taken")
        figures[f"{name}_spoilt"] = _sum(found, "replies", but=("right ", LINE_BREAKS))
        figures[f"{name}_spoilt_taken"] = _sum(found, "taken", but=("right ", LINE_BREAKS))
    for column in ("blind", "missed", "seeing", "taken_for_blind"):
        figures[f"blind_{column}"] = _sum(blind, column)
    for column in ("wrong", "wrong_kept", "right", "right_dropped"):
        figures[f"rate_{column}"] = _sum({name: rated[name] for name in LANGUAGES if name in rated}, column)
    figures["rate_spoilt"], figures["rate_spoilt_taken"] = _sum(spoilt, "replies"), _sum(spoilt, "taken")
    keep("acceptance", rows=len(every), **figures, tables={**taken, "blind": blind, "rate": rated})


if __name__ == "__main__":
    main(*map(int, itertools.islice(sys.argv, 1, 2)))
