from __future__ import annotations

import numpy as np
import pytest

from transforms.scripts import SCRIPT_OF, Script, count_letters


@pytest.mark.parametrize(
    ("text", "script", "letters"),
    [
        ("a dog", Script.LATIN, 4),
        ("Ångström × 2 ÷ 3", Script.LATIN, 8),
        ("собака", Script.CYRILLIC, 6),
        ("كلب", Script.ARABIC, 3),
        ("한국어", Script.HANGUL, 6),  # two each
        ("一只狗", Script.HAN, 9),  # three each
        ("𠀀", Script.HAN, 3),  # beyond the first plane
        ("日本語のテキスト", Script.KANA, 19),  # three of Han at three, five of kana at two
        ("每日鲜の水果店铺", Script.HAN, 23),  # a borrowed の does not make it Japanese
        ("12:30 ☃ 🐶🐶 \ud800", Script.NONE, 0),
        ("", Script.NONE, 0),
    ],
)
def test_letters_of_a_text(text: str, script: Script, letters: int) -> None:
    counts = count_letters([text])[0]
    assert counts.sum() == letters
    assert counts[script] == letters


def test_each_text_is_counted_for_itself() -> None:
    texts = ["", "ab", "苹果 iPhone", "", "да"]
    together = count_letters(texts)
    assert np.array_equal(together, np.concatenate([count_letters([text]) for text in texts]))
    assert together[2, Script.HAN] == together[2, Script.LATIN] == 6


@pytest.mark.slow
def test_every_language_of_lingua_has_a_script() -> None:
    from lingua import Language

    assert set(SCRIPT_OF) == {language.iso_code_639_1.name.lower() for language in Language.all()}
