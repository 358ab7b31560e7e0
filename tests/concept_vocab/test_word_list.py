"""Word lists as people write them, and the vocabulary they become."""

from __future__ import annotations

import pytest

from concept_vocab.prompts import PROMPTS
from concept_vocab.vocabulary import VocabularyError, normalise
from concept_vocab.word_list import parse_word_list


def test_plain_text_with_comments_repeats_and_stray_spaces() -> None:
    vocabulary = parse_word_list("# animals\nred  fox\n\n cafe\u0301 \nred fox\ncafé\n", "animals.txt")
    assert vocabulary.names == ["red fox", "café"]
    assert vocabulary.table["id"].to_pylist() == [0, 1]
    assert vocabulary.table["lang"].to_pylist() == ["en", "en"]
    assert vocabulary.prompts == PROMPTS


def test_yaml_with_its_own_prompts() -> None:
    text = "name: mine\nlanguage: zh\nprompts: ['一张{}', '{}图']\nconcepts: [猫, 狗]\n"
    vocabulary = parse_word_list(text, "mine.yaml")
    assert vocabulary.table["source"].to_pylist() == ["mine", "mine"]
    sentences, owners = vocabulary.sentences()
    assert sentences == ["一张猫", "猫图", "一张狗", "狗图"]
    assert owners == [0, 0, 1, 1]


def test_a_name_with_braces_is_no_prompt() -> None:
    vocabulary = parse_word_list("concepts: ['set {} of {x}']\nprompts: ['a {}']\n", "a.yaml")
    assert vocabulary.sentences()[0] == ["a set {} of {x}"]


def test_a_language_without_prompts_is_embedded_bare() -> None:
    assert parse_word_list("concepts: [kissa]\nlanguage: fi\n", "a.yaml").sentences()[0] == ["kissa"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "mapping with a list under 'concepts'"),
        ("concepts: []", "holds no concept"),
        ("concepts: [a]\nconcept: [b]", "unknown key 'concept'"),
        ("concepts: [a]\nprompts: ['a photo']", r"prompt 'a photo' must hold \{\} once"),
        ("concepts: [no]", "concept False is read as bool; put it in quotes"),
        ("concepts: [", "is not YAML"),
        ("concepts: [a, 2020-01-02]", r"concept datetime.date\(2020, 1, 2\) is read as date; put it in quotes"),
        ("concepts: [a, [b]]", r"concept \['b'\] is read as list"),
        ("concepts: [a]\nlanguage: no", "language False is read as bool; put it in quotes"),
        ("concepts: [a]\nname: 5", "name 5 is read as int; put it in quotes"),
        ("concepts: [a]\nprompts: a {}", "prompts must be a list, found str"),
        ("concepts: [a]\n1: x\ntwo: y", "unknown key 1"),
        ("concepts: [a]\nconcepts: [b]", "key 'concepts' was given on line 1 already"),
        ('concepts: [a, "\\ud800"]', "lone surrogate"),
    ],
)
def test_a_faulty_list_is_answered_by_name(text: str, says: str) -> None:
    with pytest.raises(VocabularyError, match=says):
        parse_word_list(text, "a.yaml")
    with pytest.raises(VocabularyError, match=r"empty\.txt holds no concept"):
        parse_word_list("# nothing\n", "empty.txt")


def test_normalise() -> None:
    assert normalise("  a\t b\n") == "a b"
    assert normalise("e\u0301") == "é"


@pytest.mark.parametrize("hidden", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u200e", "\u202e", "\u2060", "\ufeff"])
def test_what_is_not_seen_makes_no_other_concept(hidden: str) -> None:
    vocabulary = parse_word_list(f"red fox\n{hidden}red{hidden} f{hidden}ox\n{hidden}\n", "a.txt")
    assert vocabulary.names == ["red fox"]


@pytest.mark.parametrize("name", ["نمی‌خواهم", "क्‍ष", "👩‍🚀"])
def test_joiners_that_are_seen_stay(name: str) -> None:
    assert normalise(name) == name


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert parse_word_list("\ufeff# animals\nfox\n", "a.txt").names == ["fox"]
    assert parse_word_list("\ufeffconcepts: [fox]\n", "a.yaml").names == ["fox"]


def test_types_are_listed_beside_the_concepts() -> None:
    text = "concepts: [cat, 'red  fox', run, forest]\ntypes: {entity: [red fox, cat], scene: [forest]}\n"
    assert parse_word_list(text, "a.yaml").table["type"].to_pylist() == ["entity", "entity", None, "scene"]


@pytest.mark.parametrize(
    ("types", "says"),
    [
        ("[cat]", "a mapping of types to lists"),
        ("{entity: cat}", "a mapping of types to lists"),
        ("{thing: [cat]}", "'thing' is no type of concepts; these are entity, "),
        ("{entity: [dog]}", "types.entity names 'dog', which is not among the concepts"),
        ("{entity: [cat], scene: [cat]}", "'cat' is listed as entity and as scene"),
    ],
)
def test_types_that_cannot_be_used(types: str, says: str) -> None:
    with pytest.raises(VocabularyError, match=says):
        parse_word_list(f"concepts: [cat]\ntypes: {types}\n", "a.yaml")
