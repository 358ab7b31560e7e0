"""What lemmas of one type have in common."""

from __future__ import annotations

from concept_vocab.type_evidence import Evidence, head_phrase, tails
from concept_vocab.wordnet.sense_types import ConceptType, Typed

LEMMAS: list[tuple[str, ConceptType]] = [
    ("oak tree", "entity"),
    ("elm tree", "entity"),
    ("family tree", "abstract"),
    ("book", "entity"),
    ("case", "abstract"),
    ("bookcase", "entity"),
    ("suit", "entity"),
    ("suitcase", "entity"),
    ("red-haired", "attribute"),
    ("fair-haired", "attribute"),
    *((f"{letter}ologist", "entity") for letter in "abcdefghij"),
]
BOXES = {f"{letter}ologist": "infobox person" for letter in "abcdefghij"} | {"book": "infobox book"}
EVIDENCE = Evidence(LEMMAS, BOXES)
ABSTRACT = Typed("abstract", 1.0, ("abstract",), False)


def test_heads() -> None:
    assert head_phrase("battle of hastings") == "battle"
    assert head_phrase("mercury (planet)") == "planet"
    assert head_phrase("red fox") == "red fox"


def test_phrases_vote_and_the_head_itself_has_one_vote() -> None:
    found = EVIDENCE.phrase("birch tree", None)
    assert found and (found.type, found.share) == ("entity", 2 / 3)
    tied = EVIDENCE.phrase("birch tree", ABSTRACT)
    assert tied and (tied.type, tied.share) == ("abstract", 0.5)  # of equal ones the first by name
    assert EVIDENCE.phrase("red fox", ABSTRACT) is ABSTRACT and EVIDENCE.phrase("red fox", None) is None


def test_words_within_words() -> None:
    types = dict(LEMMAS)
    assert tails("suitcase", types) == ["case"] and tails("staircase", types) == []
    found = EVIDENCE.compound("case", ABSTRACT)
    assert found and (found.type, found.share) == ("entity", 2 / 3)
    assert EVIDENCE.compound("fox", None) is None


def test_hyphens_endings_and_infoboxes() -> None:
    hyphenated = EVIDENCE.hyphenated("long-haired", None)
    assert hyphenated and hyphenated.type == "attribute" and EVIDENCE.hyphenated("long-lived", None) is None
    ending = EVIDENCE.ending("zoologist")
    assert ending and ending.type == "entity"
    assert EVIDENCE.ending("fox") is None and EVIDENCE.ending("old zoologist") is None
    person = EVIDENCE.infobox("infobox person")
    assert person and person.type == "entity" and EVIDENCE.infobox("infobox book") is None  # one lemma says little
