"""What passes the gate, what is masked, and what is stopped."""

from __future__ import annotations

import logging
import pathlib
import pickle

import pytest
import xxhash

from tests.transforms.instruct.safety.test_hash_lists import picture
from tests.transforms.instruct.said import row
from transforms.conversations.document import Message, Text
from transforms.errors import ConfigError
from transforms.instruct.chain.outcome import SafetyFinding, edits_table
from transforms.instruct.folding import answers_again, fold
from transforms.instruct.rows import Medium, Row, from_table, to_table
from transforms.instruct.safety.gate import SafetyGate
from transforms.instruct.safety.hash_lists import md5, pdq
from transforms.instruct.safety.settings import SafetySettings
from transforms.rejects import Reason

CARD, MAIL = "4304 6131 9859 9008", "amber@example.com"


def settings(**values: object) -> SafetySettings:
    return SafetySettings.model_validate(values)


def medium(path: pathlib.Path, data: bytes) -> Medium:
    path.write_bytes(data)
    return Medium("image", uri=str(path), size_bytes=len(data), content_hash=xxhash.xxh3_128_digest(data))


def test_personal_data_is_masked_wherever_a_row_says_it() -> None:
    thought = Message("assistant", (Text(f"Use {CARD}."),), reasoning=f"Theirs is {CARD}.")
    one = row("s:Serve.", f"u:Write to {MAIL}.", thought, tools=f'[{{"description": "{MAIL}"}}]')
    outcome = SafetyGate(settings()).judge([one])
    (after,) = from_table(fold(to_table([one]), [("safety", edits_table(outcome.edits))]))
    assert (after.tools, after.messages[2].reasoning) == ('[{"description": "[EMAIL]"}]', "Theirs is [CARD].")
    assert [message.content for message in after.messages] == [
        (Text("Serve."),), (Text("Write to [EMAIL]."),), (Text("Use [CARD]."),)
    ]  # fmt: skip
    assert {one.origin for one in outcome.edits} == {"masked"}
    (fact,) = outcome.facts
    assert sorted(fact.safety) == sorted(
        [SafetyFinding("card", None, "masked")] * 2 + [SafetyFinding("email", None, "masked")] * 2
    )


def test_values_of_answers_do_not_hold_what_was_masked() -> None:
    one = row("u:Which?\nA. 4304613198599008\nB. none", "a:4304613198599008")
    assert "4304613198599008" in repr(one.answers)
    outcome = SafetyGate(settings()).judge([one])
    (after,) = from_table(fold(to_table([one]), [("safety", edits_table(outcome.edits))]))
    assert "4304613198599008" not in repr(answers_again(after))


def test_each_kind_has_an_action() -> None:
    rows = [row(f"u:Pay {CARD}, {MAIL}.", "a:Yes", key="s/p/0")]
    (reject,) = SafetyGate(settings(personal={"card": "drop"})).judge(rows).rejects
    assert (reject.reason, reject.detail) == (Reason.PERSONAL_DATA, "card")
    marked = SafetyGate(settings(personal={"card": "mark", "email": "off"})).judge(rows)
    assert not marked.edits and marked.facts[0].safety == (SafetyFinding("card", None, "marked"),)


def test_blocked_words_by_language(tmp_path: pathlib.Path) -> None:
    paths = {}
    for language, word in (("en", "grim bolt"), ("fr", "pain"), ("zh", "格灵波")):
        paths[language] = str(tmp_path / f"{language}.txt")
        (tmp_path / f"{language}.txt").write_text(word + "\n")
    gate = SafetyGate(settings(blocked_words={"paths": paths}))
    said = ["A Grim-Bolt.", "他说格灵波。", "No pain.", "grim boltless", "格灵"]
    rows = [Row(str(n), "s", row(f"u:{text}", "a:Yes").messages, language="en") for n, text in enumerate(said)]
    outcome = gate.judge(rows)
    assert [(one.key, one.reason, one.detail) for one in outcome.rejects] == [
        ("0", Reason.BLOCKED_WORD, "blocked_word"), ("1", Reason.BLOCKED_WORD, "blocked_word")
    ]  # fmt: skip
    marked = SafetyGate(settings(blocked_words={"paths": paths, "action": "mark"})).judge_texts(rows)
    assert [one.key for one in marked.facts] == ["0", "1"] and not marked.rejects
    thought = row("u:One?", Message("assistant", (Text("1"),), reasoning="grim bolt"))
    assert gate.judge([thought]).rejects


def test_listed_media_stop_their_rows(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "md5.txt").write_text(md5(picture(1)).hex())
    (tmp_path / "pdq.txt").write_text((pdq(picture(2)) or b"").hex())
    lists = {
        "known": {"path": str(tmp_path / "md5.txt"), "kind": "md5"},
        "looks": {"path": str(tmp_path / "pdq.txt"), "kind": "pdq"},
    }
    gate = pickle.loads(pickle.dumps(SafetyGate(settings(hash_lists=lists))))
    shown = [picture(1), picture(2, quality=40), picture(3), picture(1)]
    media = [medium(tmp_path / f"{n}.jpg", data) for n, data in enumerate(shown)]
    media[3] = Medium("image", data=shown[3], content_hash=media[0].content_hash)
    rows = [row("u:<image>Call 212-555-0145", "a:Yes", media=(one,), key=f"s/p/{n}") for n, one in enumerate(media)]
    with caplog.at_level(logging.WARNING):
        outcome = gate.judge(rows)
    assert [tuple(one) for one in outcome.rejects] == [
        ("s/p/0", Reason.LISTED_MEDIUM, "on the list known"),
        ("s/p/1", Reason.LISTED_MEDIUM, "on the list looks"),
        ("s/p/3", Reason.LISTED_MEDIUM, "on the list known"),
    ]
    assert {one.key for one in outcome.edits} | {one.key for one in outcome.facts} == {"s/p/2"}
    assert "listed: s/p/1, looks, 2" in caplog.text and ".jpg" not in caplog.text


def test_images_near_to_a_concept(tmp_path: pathlib.Path) -> None:
    (tmp_path / "concepts.txt").write_text("crown\n")
    image = medium(tmp_path / "a.jpg", picture(1))
    one = row("u:<image>What?", "a:Yes", media=(image,))
    values = {"concepts": str(tmp_path / "concepts.txt"), "encoder": {"model": "configs/encoder/tiny"}}
    dropped = SafetyGate(settings(unsafe_images={**values, "threshold": -1})).judge([one])
    assert [reject.reason for reject in dropped.rejects] == [Reason.UNSAFE_IMAGE]
    (fact,) = SafetyGate(settings(unsafe_images={**values, "threshold": -1, "action": "mark"})).judge([one]).facts
    (finding,) = fact.safety
    assert finding.kind == "unsafe_image" and -1 <= (finding.score or 2) < 1
    passed = SafetyGate(settings(unsafe_images={**values, "threshold": 1})).judge([one])
    assert not passed.facts and not passed.rejects


def test_files_that_are_named_count_by_content_and_are_looked_at_first(tmp_path: pathlib.Path) -> None:
    words = tmp_path / "en.txt"
    words.write_text("grim\n")
    one = settings(blocked_words={"paths": {"en": str(words)}})
    one.check([])
    before = one.digests()
    words.write_text("bolt\n")
    assert one.digests().keys() == before.keys() == {"blocked_words.en"} and one.digests() != before
    words.unlink()
    with pytest.raises(ConfigError, match=r"safety\.blocked_words\.paths\.en must name"):
        one.check([])
    listed = settings(hash_lists={"known": {"path": str(tmp_path / "none.txt"), "kind": "md5"}})
    for look in (listed.digests, lambda: listed.check([])):
        with pytest.raises(ConfigError, match=r"safety\.hash_lists\.known\.path must name"):
            look()
