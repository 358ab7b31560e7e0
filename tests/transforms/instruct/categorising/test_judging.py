"""The category of rows: by source, by the rules that are shipped, and of those that none knows."""

from __future__ import annotations

import pytest

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image
from transforms.instruct.categorising.judging import categorise, exchanges_of
from transforms.instruct.categorising.rules import Rule, RuleBook, read_rules
from transforms.instruct.categorising.settings import CategoriseSettings
from transforms.instruct.rows import Medium, Region, Row

SHIPPED = read_rules(CategoriseSettings().rule_file)


def row(*turns: tuple[str, str], images: int = 1, regions: tuple[Region, ...] = (), source: str = "s") -> Row:
    messages = []
    for at, (question, answer) in enumerate(turns):
        shown = tuple(Image(place) for place in range(images)) if at == 0 else ()
        messages += [turn("user", *shown, question), turn("assistant", answer)]
    return Row("k", source, tuple(messages), media=(Medium("image"),) * images, regions=regions)


def category(one: Row, rules: RuleBook = SHIPPED, **sources: str) -> tuple[str | None, str | None]:
    (fact,) = categorise([one], rules, sources, "general_vqa", "text").facts
    return fact.category, fact.category_by


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Describe this image in detail.", "A cat on a mat.", "captioning"),
        ("请详细描述这张图片。", "一只猫。", "captioning"),
        ("", "A cat on a mat.", "captioning"),
        ("What is the highest value on the y-axis of the chart?", "40", "charts_and_tables"),
        ("图表中哪个地区的销售额最高？", "东区", "charts_and_tables"),
        ("How many dogs are there in the picture?", "3", "grounding_and_counting"),
        ("图中有几只猫？", "3", "grounding_and_counting"),
        ("Give the bounding box of the dog.", "[1, 2, 3, 4]", "grounding_and_counting"),
        ("What does the sign say?", "STOP", "ocr"),
        ("这张发票的总额是多少？", "12.00", "ocr"),
        ("Which organism is the producer in this food web?", "grass", "science"),
        ("What does this chest X-ray show?", "No finding.", "domain_specific"),
        ("What is the perimeter of the triangle?", "12", "code_and_math"),
        ("Solve $x^2 = 4$.", "$x = 2$", "code_and_math"),
        ("What is the man holding?", "An umbrella", "general_vqa"),
        ("Is there a chart in the picture?", "No", "general_vqa"),
    ],
)
def test_shipped_rules_about_pictures(question: str, answer: str, expected: str) -> None:
    assert category(row((question, answer)))[0] == expected


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Write a function in Python that adds two numbers.", "def add(a, b):\n    return a + b", "code_and_math"),
        ("Tom has 4 apples and buys 5 more. How many does he have?", "9", "code_and_math"),
        ("Give three tips for staying healthy.", "Eat, sleep and move.", "text"),
        ("Describe the picture of Dorian Gray.", "It ages in his place.", "text"),
        ("给出三个保持健康的建议。", "多运动。", "text"),
    ],
)
def test_shipped_rules_about_text(question: str, answer: str, expected: str) -> None:
    assert category(row((question, answer), images=0))[0] == expected


def test_boxes_of_an_exchange() -> None:
    region = Region(0, "box", (0, 0, 1, 1), "cat", message=1, part=0, start=0, end=3)
    assert category(row(("Find it.", "Here."), regions=(region,))) == ("grounding_and_counting", "rule:boxes")
    two = row(("Who?", "Ann"), ("Find it.", "Here."), regions=(region,))
    assert [one.has_regions for one in exchanges_of(two)] == [True, False]


def test_a_source_is_not_asked_twice() -> None:
    assert category(row(("Describe this image.", "A cat.")), s="science") == ("science", "source")


def test_most_exchanges_decide_and_the_first_rule_of_two() -> None:
    rules = RuleBook.of([Rule(name=name, category=name, question=name) for name in ("one", "two")])
    assert category(row(("two", "x"), ("two", "x"), ("one", "x")), rules) == ("two", "rule:two")
    assert category(row(("two", "x"), ("one", "x")), rules) == ("one", "rule:one")
    assert category(row(("three", "x"), ("three", "x"), ("one", "x")), rules) == ("general_vqa", "default")
    assert category(row(("one", "x"), ("three", "x")), rules) == ("one", "rule:one")


def test_choices_are_not_what_is_asked() -> None:
    (exchange,) = exchanges_of(row(("What is it?\nA. a chart\nB. a table\nAnswer with the letter.", "A")))
    assert (exchange.question, exchange.form) == ("What is it?", "letter")
