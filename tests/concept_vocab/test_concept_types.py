"""Types of what is no lemma, by what WordNet tells of its parts."""

from __future__ import annotations

import pytest

from concept_vocab.concept_types import (
    NOT_TYPED,
    Accuracy,
    ConceptTyped,
    MethodAccuracy,
    Typer,
    head_phrase,
    is_held_out,
    is_name,
    measure,
    weigh,
)
from tests.concept_vocab.wordnet.tiny_wordnet import tiny

WORDNET = tiny()
TYPER = Typer(WORDNET)


@pytest.mark.parametrize(
    ("text", "kind", "method"),
    [
        ("kitchen", "scene", "wordnet"),
        ("1,024", "text", "number"),
        ("Los Angeles", "entity", "name"),
        ("brown dogs", "entity", "head"),
        ("ran", "action", "morphy"),
        ("narrow street", "scene", "head"),
        ("battle of the dogs", "action", "head"),
        ("mercury (city)", "scene", "head"),
        ("zzz", None, None),
    ],
)
def test_methods(text: str, kind: str | None, method: str | None) -> None:
    found = TYPER.type_of(text.lower(), [text])
    assert (found.type, found.method) == (kind, method)


def test_a_name_is_spelt_as_one_wherever_it_stands() -> None:
    assert is_name("Battle of Hastings") and is_name("Zürich")
    assert not is_name("ABC") and not is_name("New cars") and not is_name("3")
    assert TYPER.type_of("zebra", ["Zebra", "zebra"]) == NOT_TYPED


def test_heads() -> None:
    assert head_phrase("battle of hastings") == "battle"
    assert head_phrase("mercury (planet)") == "planet"
    assert head_phrase("red fox") == "red fox"


def test_hidden_lemmas_are_typed_by_the_others() -> None:
    typer = Typer(WORDNET, lambda form: form == "ice bear")
    assert typer.type_of("ice bear", ["ice bear"])[:2] == ("entity", "head")
    assert Typer(WORDNET, lambda form: form == "dog").type_of("dog", ["dog"]) == NOT_TYPED


def test_accuracy_adds_up() -> None:
    accuracy = measure(WORDNET)
    assert accuracy.hidden == sum(map(is_held_out, WORDNET.senses))
    for table in (accuracy.by_method, accuracy.by_type):
        assert all(one.right <= one.typed for one in table.values())
    typed = [sum(one.typed for one in table.values()) for table in (accuracy.by_method, accuracy.by_type)]
    assert typed[0] == typed[1] <= accuracy.hidden


def test_confidence_is_weighed_by_what_was_measured() -> None:
    accuracy = Accuracy(10, {"head": MethodAccuracy(4, 3)}, {})
    found = ConceptTyped("entity", "head", 0.5, ("entity",))
    assert weigh(found, accuracy).confidence == 0.375
    assert weigh(found._replace(method="wordnet"), accuracy).confidence == 0.5
