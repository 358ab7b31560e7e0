"""Types of what is no lemma, by what WordNet tells of its parts."""

from __future__ import annotations

import pytest

from concept_vocab.concept_types import NOT_TYPED, Typer, is_name, nearest_type
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


def test_hidden_lemmas_are_typed_by_the_others() -> None:
    typer = Typer(WORDNET, lambda form: form == "ice bear")
    assert typer.type_of("ice bear", ["ice bear"])[:2] == ("entity", "head")
    assert Typer(WORDNET, lambda form: form == "dog").type_of("dog", ["dog"]) == NOT_TYPED


def test_infoboxes_go_before_how_a_name_is_spelt() -> None:
    entities = [form for form in WORDNET.senses if TYPER.type_of(form, [form]).type == "entity"]
    assert len(entities) >= 10  # fewer tell nothing
    boxes = {**dict.fromkeys(entities, "infobox thing"), "abbey": "infobox thing", "fox": "infobox album"}
    typer = Typer(WORDNET, infoboxes=boxes)
    assert typer.type_of("abbey", ["abbey"])[:2] == ("entity", "infobox")
    assert typer.type_of("fox", ["Fox"])[:2] == ("entity", "name")


def test_of_the_nearest_most_decide_and_of_two_the_nearer() -> None:
    assert nearest_type(["scene", "entity", "entity"])[:3] == ("entity", "nearest", 2 / 3)
    assert nearest_type(["scene", "entity"]).type == "scene"
