"""Which turns get a template, and that no other text is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Message, Text
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.rows import Medium, Row
from transforms.instruct.templating.banks import read_banks
from transforms.instruct.templating.settings import TemplatesSettings
from transforms.instruct.templating.shared_strings import CommonTally, Said, all_said, candidates, count, numbered
from transforms.instruct.templating.writing import NO_BANK, NO_LANGUAGE, SEVERAL_MEDIA, Writer, changed

BANKS = read_banks(TemplatesSettings().folder)


def row(
    *turns: str | tuple[object, ...], language: str | None = "en", category: str = "general_vqa", images: int = 1
) -> Row:
    """Turns of user and assistant by turns; an image stands in the first."""
    messages: list[Message] = []
    for place, said in enumerate(turns):
        parts = said if isinstance(said, tuple) else (said,)
        pictures = [Image(at) for at in range(images)] if place == 0 else []
        messages.append(turn("assistant" if place % 2 else "user", *pictures, *parts))  # type: ignore[arg-type]
    media = (Medium("image", uri="a.png"),) * images
    answers = read_answers(messages, ())
    return Row("s/a/0", "s", tuple(messages), media=media, answers=answers, language=language, category=category)


def written(
    found: Row, common: dict[tuple[str, int], float] | None = None, **settings: object
) -> tuple[dict[int, str], dict[str, int]]:
    change = Writer(TemplatesSettings(**settings), BANKS, 0, common or {}).change(found)  # type: ignore[arg-type]
    return {place: one.text for place, one in change.texts.items()}, dict(change.done)


@pytest.mark.parametrize(
    ("asked", "answer", "language", "wanted"),
    [
        ("Which?\nA. cat\nB. dog", "B", "en", "letter"),
        ("哪一项？\nA. 猫\nB. 狗", "B", "zh", "letter"),
        ("How many cats?", "3", "en", "number"),
        ("有几只猫？", "3", "zh", "number"),
        ("Is there a cat?", "Yes", "en", "yes_no"),
        ("有猫吗？", "是", "zh", "yes_no"),
        ("What animal is it?", "a cat", "en", "phrase"),
        ("这是什么动物？", "猫", "zh", "phrase"),
        ("How heavy is it?", "3 kg", "en", "phrase"),
    ],
)
def test_a_short_answer_without_its_format_is_told_it(asked: str, answer: str, language: str, wanted: str) -> None:
    texts, done = written(row(asked, answer, language=language))
    assert done == {f"format: {wanted}": 1} and asked in texts[0] and texts[0] != asked
    bank = BANKS.of_format(wanted, language)  # type: ignore[arg-type]
    assert bank is not None
    assert written(row(asked, answer, language=language), formats=[]) == ({}, {})


@pytest.mark.parametrize(
    ("asked", "answer", "language"),
    [
        ("Which?\nA. cat\nB. dog\nAnswer with the option's letter.", "B", "en"),
        ("Answer with one word: what is it?", "cat", "en"),
        ("Is there a cat? Answer yes or no.", "Yes", "en"),
        ("有几只猫？请用数字回答。", "3", "zh"),
        ("What is it?", "It is a cat.", "en"),
        ("List what you see.", "cat", "en"),
        ("What are they?", "cat, dog", "en"),
        ("Where is the cat? Give its bounding box.", "[1, 2, 3, 4]", "en"),
        ("What animal is it?", "un chat", "fr"),
    ],
)
def test_other_questions_stay_as_they_are(asked: str, answer: str, language: str) -> None:
    assert written(row(asked, answer, language=language)) == ({}, {})


def test_without_a_picture_only_letters_are_asked_for() -> None:
    assert written(row("How many?", "3", images=0)) == ({}, {})
    assert written(row("Which?\nA. x\nB. y", "A", images=0))[1] == {"format: letter": 1}


def test_a_conversation_is_told_once_and_again_when_the_form_changes() -> None:
    texts, done = written(
        row("Is it so?", "Yes", "Is it this?", "No", "How many?", "3", "Why?", "As I said so.", "And how many?", "4")
    )
    assert set(texts) == {0, 4, 8} and done == {"format: yes_no": 1, "format: number": 2}


def test_a_caption_that_nobody_asked_for_gets_an_instruction() -> None:
    for asked in ((), ("",), (" ",)):
        found = row(asked, "A cat on a mat.", category="captioning")
        texts, done = written(found)
        assert done == {"missing: captioning": 1}
        after = changed(found, Writer(TemplatesSettings(), BANKS, 0, {}).change(found))
        assert after.messages[0].content == (Image(0), Text(texts[0])) and after.messages[1] == found.messages[1]
    assert written(row((), "A cat. " * 40, category="captioning"))[1] == {"missing: captioning_detailed": 1}
    assert written(row((), "猫。", category="captioning", language="zh"))[1] == {"missing: captioning": 1}
    assert written(row((), "Hm.", category="captioning"), missing=False) == ({}, {})


def test_what_has_no_template_is_counted_and_left() -> None:
    assert written(row((), "A cat.", category="science")) == ({}, {NO_BANK: 1})
    assert written(row((), "Un chat.", category="captioning", language="fr")) == ({}, {NO_LANGUAGE: 1})
    assert written(row((), "Cats.", category="captioning", images=2)) == ({}, {SEVERAL_MEDIA: 1})


def test_common_strings_are_replaced_where_a_bank_knows_them() -> None:
    line = "Answer with the option's letter from the given choices directly."
    asked = f"Which?\nA. x\nB. y\n{line}"
    common = {("s", Said("Describe the image.", False).number): 0.1, ("s", Said(line, True).number): 0.1}
    texts, done = written(row("\nDescribe the image.", "A cat on a mat.", category="captioning"), common)
    assert done == {"common: captioning": 1} and texts[0].startswith("\n")
    texts, done = written(row(asked, "A"), common)
    assert done == {"common: letter": 1} and texts[0].startswith("Which?\nA. x\nB. y\n")
    assert written(row(asked, "A"), {("other", Said(line, True).number): 0.1}) == ({}, {})
    own = {("s", Said("Who lives here?", False).number): 0.5}
    assert written(row("Who lives here?", "Nobody that I can see."), own) == ({}, {})


@given(
    st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=30), min_size=1, max_size=6),
    st.sampled_from([0.05, 0.3, 0.5]),
)
def test_common_strings_are_those_of_a_count_of_everything(parts: list[list[str]], share: float) -> None:
    """Found part by part as in all."""
    rows = [[row(said, "Because it is so.") for said in part] for part in parts]
    found = CommonTally()
    for part in rows:
        found += candidates(all_said(part), share)
    counted = CommonTally()
    for part in rows:
        counted += count(numbered(all_said(part)), found.shown)
    said = [one for part in parts for one in part]
    expected = {("s", Said(one, False).number) for one in "abcd" if said.count(one) > share * len(said)}
    assert set(counted.common(share)) == expected
