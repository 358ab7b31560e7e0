"""What a model wrote of an image passes the gate that instruction rows pass."""

from __future__ import annotations

import pathlib
import pickle

from transforms.captioning.files import CAPTIONS
from transforms.captioning.safety import CaptionGate, Written
from transforms.instruct.safety.settings import TextSafetySettings

MAIL, CARD = "A card of ann.lee@mail.example, on a desk.", "A card with 4111 1111 1111 1111 on it."


def written(key: str, lang: str, text: str) -> Written:
    return Written(key, lang, text, "m", bytes(16), bytes(16))


def test_blocked_words_and_personal_data(tmp_path: pathlib.Path) -> None:
    (tmp_path / "en.txt").write_text("mat\n")
    (tmp_path / "zh.txt").write_text("垫子\n")
    paths = {"en": str(tmp_path / "en.txt"), "zh": str(tmp_path / "zh.txt")}
    settings = TextSafetySettings.model_validate({"personal": {"card": "drop"}, "blocked_words": {"paths": paths}})
    captions = [
        written("a", "en", "A red circle on a table."),
        written("a", "zh", "桌上有一个红色的圆。"),
        written("b", "en", "A cat on a mat."),
        written("b", "zh", "垫子上的猫。"),
        written("c", "en", MAIL),
        written("c", "zh", "猫的名片。"),
        written("d", "en", CARD),
    ]
    kept, rejects = pickle.loads(pickle.dumps(CaptionGate(settings))).judge(captions)
    assert [(one.key, one.lang, one.safety) for one in kept] == [
        ("a", "en", ()),
        ("a", "zh", ()),
        ("c", "en", ("email",)),
        ("c", "zh", ()),
    ]
    assert kept[2].caption == "A card of [EMAIL], on a desk." and kept[0] == captions[0]
    assert [(one.key, one.reason, one.detail) for one in rejects] == [
        ("b", "blocked_word", "en: blocked_word"),
        ("b", "blocked_word", "zh: blocked_word"),
        ("d", "personal_data", "en: card"),
    ]


def test_what_is_marked_stays_and_says_so(tmp_path: pathlib.Path) -> None:
    (tmp_path / "en.txt").write_text("mat\n")
    words = {"paths": {"en": str(tmp_path / "en.txt")}, "action": "mark"}
    settings = TextSafetySettings.model_validate({"personal": {"email": "off"}, "blocked_words": words})
    kept, rejects = CaptionGate(settings).judge([written("a", "en", "A mat."), written("b", "en", MAIL)])
    assert not rejects and [(one.caption, one.safety) for one in kept] == [("A mat.", ("blocked_word",)), (MAIL, ())]


def test_what_is_written_is_what_the_files_hold() -> None:
    assert list(Written._fields) == CAPTIONS.names
