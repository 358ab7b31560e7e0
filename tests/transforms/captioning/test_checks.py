"""Replies that may stand as captions, and why others may not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from transforms.captioning.checks import check_caption
from transforms.captioning.settings import CaptionSettings
from transforms.errors import ConfigError
from transforms.instruct.asking.reply import Reply

SERVER = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
SETTINGS = CaptionSettings.model_validate({"server": SERVER, "max_characters": 200})


@pytest.mark.parametrize(
    ("reply", "language", "reason"),
    [
        (Reply(" A red circle on a table. "), "en", None),
        (Reply("桌子上有一个红色的圆。"), "zh", None),
        (Reply("写着OPEN的牌子挂在门上方。"), "zh", None),
        (Reply("A sign in Chinese that reads 书店, over a door."), "en", None),
        (Reply("A red circle."), "zh", "unexpected_language"),
        (Reply("一个红色的圆。"), "en", "unexpected_language"),
        (Reply("I'm sorry, but I can't help with that."), "en", "refusal"),
        (Reply("A red circle on", "cut"), "en", "truncated_text"),
        (Reply("content_filter", "refused"), "en", "no_reply"),
        (Reply("  "), "en", "caption_too_short"),
        (Reply("A red circle. " * 20), "en", "caption_too_long"),
        (Reply("A circle.<|im_end|>"), "en", "reserved_token"),
        (Reply("A " + "very red and very round, " * 7), "en", "looping_text"),
    ],
)
def test_what_may_stand_as_a_caption(reply: Reply, language: str, reason: str | None) -> None:
    text, found, _ = check_caption(reply, language, SETTINGS)
    assert found == reason and text == reply.text.strip()


@pytest.mark.parametrize(
    "wrong", [{"languages": []}, {"languages": ["en", "en"]}, {"min_characters": 900, "max_characters": 3}]
)
def test_settings_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CaptionSettings.model_validate({"server": SERVER, **wrong})


def test_what_decides_bytes(tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = CaptionSettings.model_validate(
        {"server": {**SERVER, "base_url": "http://other/v1"}, "max_characters": 200, "asking": {"max_tokens": 9}}
    )
    assert elsewhere.decides_bytes() == SETTINGS.decides_bytes()
    prompt = tmp_path_factory.mktemp("prompt") / "own.yaml"
    prompt.write_text("user: Say in {{ language }} what you see.")
    own = CaptionSettings.model_validate({"server": SERVER, "max_characters": 200, "prompt": str(prompt)})
    assert own.decides_bytes() != SETTINGS.decides_bytes()
    prompt.write_text("user: Say it in {{ tongue }}.")
    with pytest.raises(ConfigError, match="there is no variable 'tongue'"):
        own.decides_bytes()
