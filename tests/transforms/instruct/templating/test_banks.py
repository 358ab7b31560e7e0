"""Banks as they are shipped, and files that are none."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import ConfigError
from transforms.instruct.templating.banks import FORMATS, LANGUAGES, Bank, BankFile, read_banks
from transforms.instruct.templating.settings import TemplatesSettings
from transforms.storage import StoragePath

BANKS = read_banks(TemplatesSettings().folder)


def test_the_shipped_banks_hold_thirty_templates_of_each_language_and_more() -> None:
    assert {one.file.format for one in BANKS.all if one.file.format} == set(FORMATS)
    assert any(one.file.category == "captioning" for one in BANKS.all)
    for bank in BANKS.all:
        for language in LANGUAGES:
            assert len(set(bank.file.templates[language])) >= 30, (bank.name, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_captions_of_any_length_have_one_bank(language: str) -> None:
    for characters in (1, 60, 61, 160, 161, 5_000):
        answer = "x" * characters
        assert sum(one.fits(answer, language) for one in BANKS.of_category("captioning", language)) == 1


@pytest.mark.parametrize(
    ("text", "language", "is_format", "bank"),
    [
        ("Answer with the option's letter from the given choices directly.", "en", True, "letter"),
        ("Answer the question using a single word or phrase.", "en", True, "phrase"),
        ("请直接回答选项字母。", "zh", True, "letter"),
        ("Describe the image in detail.", "en", False, "captioning_detailed"),
        ("描述这张图片。", "zh", False, "captioning"),
        ("Describe the dog in the image.", "en", False, None),
        ("What colour is it? Answer with the option's letter.", "en", True, None),
    ],
)
def test_what_a_string_asks_for(text: str, language: str, is_format: bool, bank: str | None) -> None:
    found = BANKS.standing_for(text, language, is_format)
    assert (found and found.name) == bank


@given(st.text(min_size=1).filter(str.strip), st.integers(0, 9))
def test_a_question_stands_as_it_was_whatever_it_says(question: str, seed: int) -> None:
    bank = BANKS.of_format("letter", "en")
    assert bank is not None
    written = bank.told(question, "en", seed, "k")
    assert question.strip() in written.text and written.text.startswith(question[: -len(question.lstrip())])
    assert written == bank.told(question, "en", seed, "k")


def test_a_question_is_no_template() -> None:
    bank = Bank("b", BankFile(format="letter", templates={"en": ["Letter: {{ question }}"]}))
    assert (
        bank.told("\nWhat is {{ 7 * 7 }} {% for %}?", "en", 0, "k").text == "\nLetter: What is {{ 7 * 7 }} {% for %}?"
    )


@pytest.mark.parametrize(
    ("yaml", "why"),
    [
        ("templates: {en: [a]}", "either a category or a format"),
        ("category: a\nformat: letter\ntemplates: {en: [a]}", "either a category or a format"),
        ("category: a\ntemplates: {fr: [a]}", "no language 'fr'"),
        ("category: a\ntemplates: {en: []}", "en has no template"),
        ("category: a\ntemplates: {en: [a, a]}", "'a' stands there twice"),
        ("category: a\ntemplates: {en: ['{{ question }}']}", "uses 'question'; known is picture"),
        ("category: a\ntemplates: {en: ['{{ picture']}", "is no template of Jinja2"),
        ("category: a\ntemplates: {en: ['{{ picture|wash }}']}", "wash"),
        ("category: a\ntemplates: {en: ['{{ picture.__class__.__mro__ }}']}", "unsafe"),
        ("category: a\ntemplates: {en: ['{{ picture[:0] }}']}", "says nothing"),
        ("category: a\nstands_for: {en: '('}\ntemplates: {en: [a]}", "not a regular expression"),
    ],
)
def test_a_file_that_is_no_bank_is_named_with_what_is_wrong(yaml: str, why: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "own.yaml").write_text(yaml)
    with pytest.raises(ConfigError, match=f"(?s)own.yaml.*{why}"):
        read_banks(StoragePath.of(tmp_path))


def test_folders_without_banks_and_with_two_of_a_format(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="no YAML file"):
        read_banks(StoragePath.of(tmp_path))
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text("format: letter\ntemplates: {en: [a]}")
    with pytest.raises(ConfigError, match=r"two files .* are of the format letter"):
        read_banks(StoragePath.of(tmp_path))
