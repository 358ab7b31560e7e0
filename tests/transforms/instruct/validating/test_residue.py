from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.instruct.validating.residue import garbled, special_token, stray_placeholder, without_html


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=20))
def test_chinese_read_as_latin_1_is_garbled(text: str) -> None:
    assert garbled(text) is None
    assert garbled(text.encode().decode("latin-1"))


def test_what_has_accents_is_not() -> None:
    for text in ("café déjà vu, naïve", "Ñandú über Öl", "“quoted” – it’s 20 °C", "£5 ± 2 §3", "€20"):
        assert garbled(text) is None
    assert garbled("cafÃ© au lait") and garbled("It\u00e2\u20ac\u2122s") and garbled("lost \ufffd")


def test_tokens_and_places() -> None:
    assert special_token("a<|im_end|>") == "<|im_end|>" and special_token("a <end> b") is None
    assert stray_placeholder("see <image 2>") == "<image 2>" and stray_placeholder("[IMG] there") == "[IMG]"
    assert stray_placeholder("```html\n<video>\n```") is None and stray_placeholder('<img src="a.png">') is None


def test_html() -> None:
    assert without_html("<p>```\na &lt; b\n```<br />&nbsp;</p>", "Write code.") == "```\na &lt; b\n```"
    assert without_html("<p>One</p><p>Two<br/>three &amp; four</p>", "Say it.") == "One\n\nTwo\nthree & four"
    for text, question in (
        ("<p>One</p>", "Write a paragraph tag."),
        ('<p class="a">One</p>', ""), ("<div><p>One</p></div>", ""), ("a < b", ""),
        ("Use `<br>` there.", ""),
    ):  # fmt: skip
        assert without_html(text, question) is None
