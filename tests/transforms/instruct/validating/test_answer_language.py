from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.instruct.said import row
from transforms.instruct.rows import Medium
from transforms.instruct.validating import answer_language as room
from transforms.instruct.validating.answer_language import other_script
from transforms.instruct.validating.findings import exchanges
from transforms.scripts import Script, count_letters

PICTURE = (Medium("image"),)
CHINESE = "这是一只坐在地毯上的猫，旁边有一个红色的球。"
ENGLISH = "The picture shows a cat that sits on a carpet."


def found(question: str, answer: str, declared: str | None = None, told: str | None = None) -> str | None:
    media = PICTURE if "<image>" in question else ()
    (exchange,) = exchanges(row(f"u:{question}", f"a:{answer}", media=media))
    return other_script(exchange, declared, told, 24)


def test_answers_in_another_script() -> None:
    assert found("Describe the picture.", CHINESE) and found("描述图片。", ENGLISH)
    assert found("描述图片。", ENGLISH, declared="zh") and found("<image>", ENGLISH, declared="zh")
    assert found("<image>", ENGLISH, told="zh")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("描述图片。", CHINESE),
        ("写一个函数。", "```python\nprint('the list of numbers and all of it')\n```"),
        ("编辑给定的代码以添加错误处理。", "def f(numbers):\n    return sum(numbers)"),
        ("写一个包含“do away with”短语的句子。", ENGLISH),
        ("翻译成英语：猫坐在地毯上。", ENGLISH),
        ("生成一个移动应用程序的名称。", '"DelishDish"'),
        ("<image>请把图中的文字全部抄录下来。", "Corner Mill is the best of all shops in town"),
        ("<image>列出购买的商品。", "Butter, Flour, String, Candles, Rice"),
        ("How do you say that in Chinese?", CHINESE),
        ("求 c 的长度。", "$c = \\sqrt{36^2 + 105^2} = the length of c$"),
    ],
)
def test_what_is_let_pass(question: str, answer: str) -> None:
    assert found(question, answer) is None


_WORDS = ("TRANSLATE", "english", "Englisher", "the OCR", "Pinyin", "双语", "")


@given(st.text(max_size=4), st.sampled_from(_WORDS), st.text(max_size=4))
def test_a_question_for_a_language_is_one_in_any_letters(before: str, asked: str, after: str) -> None:
    question = before + asked + after
    assert room._asks_for_language(question) is (room._ASKS_FOR_LANGUAGE.search(question) is not None)


@given(st.text(st.characters(codec="ascii")), st.sampled_from([None, "en", "zh"]))
def test_latin_is_wanted_where_letters_say_so(question: str, declared: str | None) -> None:
    (letters,) = count_letters([question])
    said = declared == "en" if declared else room._main(letters, room._LEAST_ASKED) is Script.LATIN
    assert room._wants_latin(question, declared) is said
