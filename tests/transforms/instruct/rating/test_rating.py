"""Ratings by turn and axis, and how far questions need their pictures, from replies of a real server."""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import PIL.Image
import pytest

from tests.transforms.instruct.asking.chat_server import Answer, Said, completion, serving, text_of
from tests.transforms.instruct.asking.test_asker import fill, server_at
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image
from transforms.images.hashing import content_hash
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.asking.parts import reply_from
from transforms.instruct.asking.settings import ServerSettings
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.rating.blind import AXIS, BlindStage, agreement
from transforms.instruct.rating.rating import RatingStage
from transforms.instruct.rating.settings import AXES, BlindSettings, RateSettings
from transforms.instruct.rows import Medium, Row
from transforms.instruct.validating.findings import exchanges
from transforms.rejects import Reason


@pytest.fixture
def rows(tmp_path: pathlib.Path) -> list[Row]:
    path = tmp_path / "a.bmp"  # of a format that servers do not take
    PIL.Image.new("RGB", (4, 3), "red").save(path)
    medium = Medium("image", uri=str(path), content_hash=content_hash(path.read_bytes()))
    shows = (
        turn("user", Image(0), "Is it red?"),
        turn("assistant", "Yes"),
        turn("user", "Why?"),
        turn("assistant", "So."),
    )
    texts = (turn("user", "Say hi"), turn("assistant", "hi"))
    return [
        Row("s/0", "s", shows, media=(medium,), answers=read_answers(shows, ())),
        Row("s/1", "s", texts, answers=read_answers(texts, ())),
        Row("s/2", "s", shows, media=(Medium("video", uri="b.mp4"),), answers=read_answers(shows, ())),
    ]


def _judged(folder: pathlib.Path, answer: Answer, rows: Sequence[Row], **settings: Any) -> Outcome:
    with serving(answer) as served:
        server = server_at(served.url)
        stage = RatingStage(RateSettings(server="m", **settings), server)
        fill(folder, server, list(stage.requests(rows)))
    return stage.judge(rows, functools.partial(reply_from, str(folder)))


def _rate(body: dict[str, Any], _: int) -> Said:
    shown = body["messages"][-1]["content"]
    marks = dict(zip(AXES, (5, 3, 1, 4) if isinstance(shown, list) else (2, 1, 0, 0), strict=True))
    if isinstance(shown, list):
        assert shown[0]["image_url"]["url"].startswith("data:image/png;base64,")
    return Said(body=completion(json.dumps({"ratings": marks}), body))


def test_by_turn_and_axis(rows: list[Row], tmp_path: pathlib.Path) -> None:
    outcome = _judged(tmp_path / "cache", _rate, rows)
    found = {(fact.key, one.message, one.axis): one.score for fact in outcome.facts for one in fact.ratings}
    shown = {(message, axis): score for message in (1, 3) for axis, score in zip(AXES, (1, 0.5, 0, 0.75), strict=True)}
    assert found == {
        **{("s/0", *place): score for place, score in shown.items()},
        ("s/1", 1, "relevance"): 0.25,
        ("s/1", 1, "format"): 0.0,
    }
    assert not outcome.rejects


def test_rows_are_dropped_only_when_asked_for(rows: list[Row], tmp_path: pathlib.Path) -> None:
    outcome = _judged(tmp_path / "cache", _rate, rows, drop_below={"relevance": 0.5})
    assert [(one.key, one.reason) for one in outcome.rejects] == [("s/1", Reason.LOW_RATING)]
    assert [one.key for one in outcome.facts] == ["s/0"]


@pytest.mark.parametrize(
    "text", ["good", '{"ratings": {"relevance": 9, "format": 1}}', '{"ratings": 5}', '{"rating": {}}']
)
def test_what_cannot_be_read_is_no_rating(text: str, rows: list[Row], tmp_path: pathlib.Path) -> None:
    outcome = _judged(tmp_path / "cache", lambda body, _: Said(body=completion(text, body)), rows[1:2])
    assert [(one.axis, one.score) for one in outcome.facts[0].ratings] == [("not_rated:json", 0.0)]


def test_blind(rows: list[Row], tmp_path: pathlib.Path) -> None:
    def answer(body: dict[str, Any], _: int) -> Said:
        assert isinstance(body["messages"][-1]["content"], str)
        return Said(body=completion("yes." if text_of(body) == "Is it red?" else "Nobody knows", body))

    with serving(answer) as served:
        server = server_at(served.url)
        stage = BlindStage(BlindSettings(server="m"), server)
        fill(tmp_path / "cache", server, list(stage.requests(rows[:2])))
    outcome = stage.judge(rows[:2], functools.partial(reply_from, str(tmp_path / "cache")))
    assert [(one.message, one.axis, one.score) for one in outcome.facts[0].ratings] == [(1, AXIS, 0.0), (3, AXIS, 1.0)]
    assert [fact.key for fact in outcome.facts] == ["s/0"]


@pytest.mark.parametrize(
    ("question", "answer", "said", "agrees"),
    [
        ("Which?\nA. red\nB. blue", "B", "(B)", 1.0),
        ("Which?\nA. red\nB. blue", "B", "blue", 1.0),
        ("Which?\nA. red\nB. blue", "B", "A", 0.0),
        ("How many?", "3", "3", 1.0),
        ("How many?", "3", "I think four", 0.0),
        ("Describe it.", "a red car", "a blue car", 2 / 3),
        ("描述", "红色的车", "蓝色的车", 0.75),
    ],
)
def test_agreement(question: str, answer: str, said: str, agrees: float) -> None:
    messages = (turn("user", Image(0), question), turn("assistant", answer))
    row = Row("s/0", "s", messages, media=(Medium("image"),), answers=read_answers(messages, ()))
    (exchange,) = exchanges(row)
    assert agreement(exchange, said) == pytest.approx(agrees)


def test_prompts_that_are_shipped_name_only_what_there_is() -> None:
    server = ServerSettings(base_url="http://localhost:1/v1", model="m")
    assert RateSettings().read_prompt().digest != BlindSettings().read_prompt().digest
    row = Row("s/1", "s", (turn("user", "{{ 7 * 7 }}"), turn("assistant", "hi")))
    (request,) = RatingStage(RateSettings(), server).requests([row])
    assert (
        "{{ 7 * 7 }}" in request.turns[-1].text
        and '{"ratings": {"relevance": 3, "format": 3}}' in request.turns[0].text
    )
