"""Answers written in other ways than the plainest, as one rendering reads them."""

from __future__ import annotations

import pytest

from transforms.miniature.instruct.rows import Bilingual, Exchange, Form, Language
from transforms.miniature.instruct.wordings import NEVER_TOUCHED, Wording, worded

CHOICES = (Bilingual("kite", "风筝"), Bilingual("red ring", "红色圆环"))


@pytest.mark.parametrize(
    ("wording", "form", "answer", "language", "written", "rendered"),
    [
        ("letter_in_brackets", Form.LETTER, "red ring", "en", "(B)", "B"),
        ("letter_with_choice", Form.LETTER, "red ring", "en", "B. red ring", "B"),
        ("letter_said", Form.LETTER, "red ring", "zh", "答案是B。", "B"),
        ("option_shouted", Form.LETTER, "red ring", "en", "RED RING.", "red ring"),
        ("yes_no_small", Form.YES_NO, "Yes", "en", "yes", "Yes"),
        ("unit_with_stop", Form.NUMBER, "7", "en", "7 kg.", "7 kg"),
        ("explained", Form.NUMBER, "7", "en", "All of it is there to be read.\nSo the answer is 7.", "7"),
        ("list_of_stars", Form.LIST, "kite, red ring", "en", "* kite\n* red ring", "- kite\n- red ring"),
    ],
)
def test_how_answers_are_written(
    wording: str, form: Form, answer: str, language: str, written: str, rendered: str
) -> None:
    exchange = Exchange("kind", Bilingual("Which?", "哪个？"), Bilingual(answer, answer), form, CHOICES, right=1)
    assert worded(Wording(wording), exchange, Language(language)) == (written, rendered)


@pytest.mark.parametrize("wording", NEVER_TOUCHED)
def test_what_is_never_touched_reads_as_it_is_written(wording: Wording) -> None:
    exchange = Exchange("kind", Bilingual("Which?", "哪个？"), Bilingual("it", "它"), Form.FREE)
    text, rendered = worded(wording, exchange, Language.ENGLISH)
    assert text == rendered != "it"
