"""Canaries in the other language: what a server makes of them, and how many of them are found."""

from __future__ import annotations

import json
import pathlib

from tests.transforms.instruct.asking.oracle import to_chinese
from tests.transforms.instruct.decontaminating.small_benchmark import judge_of, prints_of, settings_of
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.settings import ServerSettings
from transforms.instruct.decontaminating.canaries import TRANSLATED, Asked, load_sample, planted
from transforms.instruct.decontaminating.certificate import measure
from transforms.instruct.decontaminating.translating import Translations, as_rows
from transforms.instruct.rewording.settings import TranslateSettings
from transforms.instruct.rewording.translating import ALL, OTHER, Translating

SERVER = ServerSettings(base_url="http://localhost:1/v1", model="m")
STAGE = Translating(TranslateSettings(server="m"), SERVER, 0, dict.fromkeys(OTHER, ALL))


def _replies(sample: list[Asked]) -> dict[bytes, Reply]:
    """Right ones, but for the question about trains, which comes back as it was."""
    found = {}
    for request in STAGE.requests(list(as_rows(sample))):
        texts = json.loads(request.turns[-1].text)
        said = texts if "trains" in texts[0] else [to_chinese(text) for text in texts]
        found[request.key] = Reply(json.dumps({"texts": said}))
    return found


def test_a_question_is_of_one_language_and_asked_once() -> None:
    sample = [
        Asked("1", "How many goats?", b""),
        Asked("2", "图中有几只羊？", None),
        Asked("3", "How many goats?", None),
    ]
    assert [row.language for row in as_rows(sample)] == ["en", "zh"]


def test_translations_are_found_by_their_picture_and_not_without(tmp_path: pathlib.Path) -> None:
    judge = judge_of(tmp_path / "b")
    settings = settings_of(tmp_path / "b" / "questions.jsonl")
    sample = load_sample([prints_of(tmp_path / "b", settings.benchmarks[0])], 3)
    translated = Translations.of(STAGE, sample, _replies(sample).get)
    assert translated.told() == {"by": "m", "asked": 5, "taken": 4, "refused": {"language": 1}}
    shown, cropped, plain = (measure(cell, sample, judge, settings, translated.texts) for cell in TRANSLATED)
    assert shown["found"] == shown["planted"] == cropped["found"] == cropped["planted"] == 3
    assert plain["planted"] == 1 and plain["found"] == 0


def test_what_was_not_translated_is_not_planted(tmp_path: pathlib.Path) -> None:
    judge_of(tmp_path / "b")
    settings = settings_of(tmp_path / "b" / "questions.jsonl")
    sample = load_sample([prints_of(tmp_path / "b", settings.benchmarks[0])], 3)
    assert [row for cell in TRANSLATED for row in planted(cell, sample, {})] == []
