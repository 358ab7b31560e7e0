"""What a model may not touch comes back to the letter, or the reply is refused."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from transforms.instruct.rewording.sentinels import shield

_PIECES = st.sampled_from(
    [
        "What is it? ", "图里有几只猫？", "`x = 1`", "```py\nf(2)\n```", "$a^2$", "\\(b\\)",
        "\\begin{matrix}1\\end{matrix}",
        "https://example.org/a?b=1", "[0.1, 0.2, 0.3, 0.4]", "<box>(1,2),(3,4)</box>", "<ref>cat</ref>", "\nA. red",
        "(B) blue", '"EXIT"', "「出口」", "12,500.5%", "-3", "[EMAIL]", "⟦0⟧", "⟦", "⟧", "e\u0301", "ﬁ", "１２",
        "$5", " and ", "²",
    ]
)  # fmt: skip
_TEXTS = st.one_of(st.lists(_PIECES, max_size=12).map("".join), st.text(max_size=60))


@given(_TEXTS)
def test_what_is_sent_back_unchanged_is_the_original(text: str) -> None:
    """But for NFC outside of what is hidden; never NFKC: ﬁ, １ and ² stay."""
    shielded = shield(text)
    restored = shielded.restore(shielded.text)
    if "⟦" not in shielded.bare and "⟧" not in shielded.bare:
        assert unicodedata.normalize("NFC", restored) == unicodedata.normalize("NFC", text)
        assert all(one in text for one in shielded.hidden)
    else:
        assert restored == "sentinels"  # a bracket of its own, which no reply could be told apart by


@given(_TEXTS, st.data())
def test_losing_doubling_or_swapping_one_is_found(text: str, data: st.DataObject) -> None:
    shielded = shield(text)
    marks = re.findall(r"⟦\d+⟧", shielded.text)
    assume(marks)
    mark = data.draw(st.sampled_from(marks))
    assert shielded.restore(shielded.text.replace(mark, "", 1)) == "sentinels"
    assert shielded.restore(shielded.text + mark) == "sentinels"
    assert shielded.restore(shielded.text.replace(mark, f"⟦{len(shielded.hidden)}⟧", 1)) == "sentinels"


@given(_TEXTS)
def test_no_number_is_left_in_what_is_sent(text: str) -> None:
    assert not re.search(r"\d", shield(text).bare)


def test_any_order_is_right_but_of_boxes() -> None:
    shielded = shield("from 3 to `b` in [1, 2, 3, 4] and [5, 6, 7, 8]")
    assert shielded.text == "from ⟦0⟧ to ⟦1⟧ in ⟦2⟧ and ⟦3⟧" and shielded.boxes == {2, 3}
    assert shielded.restore("⟦2⟧⟦3⟧: ⟦1⟧ ⟦0⟧") == "[1, 2, 3, 4][5, 6, 7, 8]: `b` 3"
    assert shielded.restore("⟦3⟧⟦2⟧: ⟦1⟧ ⟦0⟧") == "boxes"
    assert shielded.restore("⟦2⟧⟦3⟧: ⟦1⟧ ⟦0⟧ 9") == "numbers"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Which?\nA. a cat\nB. a dog", ("A.", "B.")),
        ("(A) a cat (B) a dog", ("(A)", "(B)")),
        ("A cat costs $5, two cost $9.50", ("5", "9.50")),
        ("The sign says “No entry”", ("“No entry”",)),
        ("see https://a.org/x, and www.b.org。", ("https://a.org/x,", "www.b.org")),
        ("Write to [EMAIL] or <image>", ("[EMAIL]", "<image>")),
        ("I am A. Smith", ()),
    ],
)
def test_examples(text: str, hidden: tuple[str, ...]) -> None:
    assert tuple(one.strip() for one in shield(text).hidden) == hidden
