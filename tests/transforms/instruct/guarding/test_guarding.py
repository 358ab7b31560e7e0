"""A guard's words, and what becomes of rows by them."""

from __future__ import annotations

import pytest

from tests.transforms.packing.small_documents import turn
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.settings import ServerSettings
from transforms.instruct.chain.outcome import SafetyFinding
from transforms.instruct.guarding.guarding import GuardStage, Judgement, read_judgement
from transforms.instruct.guarding.settings import GuardSettings
from transforms.instruct.rows import Row
from transforms.rejects import Reason

SERVER = ServerSettings(base_url="http://localhost:1/v1", model="m")
ROW = Row("s/0", "s", (turn("user", "hello"), turn("assistant", "hi")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"unsafe": 0.25, "kinds": ["a", "b"]}', Judgement(0.25, ("a", "b"))),
        ('```json\n{"unsafe": true}\n```', Judgement(1.0, ())),
        ("safe", Judgement(0.0, ())),
        ("\n\nunsafe\nS1,S10", Judgement(1.0, ("S1", "S10"))),
        ("Unsafe: S3", Judgement(1.0, ("S3",))),
        ('{"unsafe": 7}', None),
        ('{"safe": true}', None),
        ("I cannot say", None),
        ("", None),
    ],
)
def test_forms_of_a_judgement(text: str, found: Judgement | None) -> None:
    assert read_judgement(Reply(text)) == found
    assert read_judgement(Reply(text, "cut")) is None and read_judgement(None) is None


@pytest.mark.parametrize(
    ("text", "settings", "reason", "finding"),
    [
        ("safe", {}, None, None),
        ("unsafe\nS1", {}, Reason.UNSAFE_BY_GUARD, None),
        ("unsafe\nS1", {"action": "mark"}, None, SafetyFinding("guard:S1", 1.0, "marked")),
        ('{"unsafe": 0.4}', {"threshold": 0.41}, None, None),
        ('{"unsafe": 0.4}', {"threshold": 0.4}, Reason.UNSAFE_BY_GUARD, None),
        ("?", {}, Reason.GUARD_UNJUDGED, None),
        ("?", {"unjudged": "mark"}, None, SafetyFinding("guard_unjudged", None, "marked")),
    ],
)
def test_what_becomes_of_a_row(
    text: str, settings: dict[str, object], reason: Reason | None, finding: SafetyFinding | None
) -> None:
    stage = GuardStage(GuardSettings.model_validate(settings), SERVER)
    assert len(list(stage.requests([ROW]))) == 1
    outcome = stage.judge([ROW], lambda _: Reply(text))
    assert [one.reason for one in outcome.rejects] == ([reason] if reason else [])
    assert [one.safety for one in outcome.facts] == ([(finding,)] if finding else [])
