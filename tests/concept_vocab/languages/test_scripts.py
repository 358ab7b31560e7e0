"""Chinese in two scripts is one word."""

from __future__ import annotations

import pytest

from concept_vocab.concept import form_of, uid_of
from concept_vocab.languages.scripts import common_script, other_script


@pytest.mark.parametrize(
    ("traditional", "simplified"), [("頭髮", "头发"), ("皇后", "皇后"), ("發現", "发现"), ("龍", "龙")]
)
def test_both_scripts(traditional: str, simplified: str) -> None:
    assert common_script(traditional, "zh") == common_script(simplified, "zh") == simplified
    assert other_script(simplified, "zh") == traditional
    assert uid_of("zh", form_of(traditional, "zh")) == uid_of("zh", form_of(simplified, "zh"))


def test_other_languages_stay() -> None:
    assert common_script("頭髮", "ja") == other_script("頭髮", "ja") == "頭髮"
    assert form_of("Red  Fox", "en") == "red fox" == form_of("Red Fox", "zh")
