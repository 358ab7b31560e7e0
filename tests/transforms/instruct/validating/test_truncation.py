from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.instruct.validating import truncation as room
from transforms.instruct.validating.truncation import cut_end, cut_start


@pytest.mark.parametrize(
    "text",
    [
        "e! Here is a list of four albums by The Beatles:",
        "e, here's a unique random number between 0 and 1: 0.76.",
        ", which is why it is blue.",
        "。这是因为天空很蓝",
        "Let me see.</think>Blue.",
    ],
)
def test_begins_in_the_middle(text: str) -> None:
    assert cut_start(text)


@pytest.mark.parametrize(
    "text",
    [
        "No! That is wrong.", "car, yellow star", "x, y and z are given.", ".5", ".NET is a framework.", "?",
        "= 2x + 3", "iPhone 12", "oh, yes I do", "bus, tree, owl", "(a) yes", "...and then they left.", "2, 3 and 5",
        "<think>Look.</think>Blue.",
    ],
)  # fmt: skip
def test_begins_as_it_should(text: str) -> None:
    assert cut_start(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "The picture shows a green square inside a blue hexagon, yellow star. B",
        "Its loss will be with us, and its memory serves as a reminder of the importance of",
        "We go on until we reach the end of the list. Then we reverse",
        "This picture shows a brown triangle, a green cross a",
        "音色：不同的音色之间的结合是十分重要的，萨克斯、小号、",
        "他参加了四届世界杯比赛，未能夺冠。在2016年，他获得了亚军，并在202",
        "<think>Let me look at this step by step. First",
        "Use this:\n```python\nprint(1)",
        "| Output | t |\n| --- | --- |\n| Bus | 75 |\n| F",
    ],
)
def test_breaks_off(text: str) -> None:
    assert cut_end(text, "What is shown?")


@pytest.mark.parametrize(
    "text",
    [
        "An illustration of a yellow crescent, a tree and a gray heart",
        "画面上有一个橙色半圆以及一个橙色格子菱形",
        "Make lasting memories on a journey. #travel #Wanderlust140",
        "\"Friendship is born when one says: 'What! You too? I thought no one but me . . .'\" -C.S. Lewis",
        "Here are some fruits that one can buy:\n1. Apple\n2. Raspberry",
        "The sum is then found by adding both. Answer: 10",
        "We solve for the unknown on both sides, and so get x",
        "Use this:\n```python\nprint(1)\n```",
        "The legs are equal. Thus the triangle is isosceles!",
        "Best wishes to you and your family. Mr. Smith",
        "See you at the opening of the fair 🎉",
    ],
)
def test_ends_as_it_should(text: str) -> None:
    assert cut_end(text, "What is shown?") is None


@given(st.lists(st.sampled_from(["a", "the", "option", "vitamin", "of", "word", ",", "."]), max_size=40))
def test_the_end_of_a_line_says_all_of_its_last_word(words: list[str]) -> None:
    line = " ".join(words)
    assert (room._OPEN_WORD.search(line[-room._END :]) is None) == (room._OPEN_WORD.search(line) is None)
