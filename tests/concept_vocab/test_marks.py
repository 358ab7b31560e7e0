"""Marks of concepts that stay."""

from __future__ import annotations

from concept_vocab.marks import likely_typos, marks_of


def marks(text: str, is_lemma: bool = False) -> list[str]:
    return list(marks_of(text.lower(), [text], "en", {"foxez"}, is_lemma))


def test_each_mark() -> None:
    assert marks("Paris") == ["name"]
    assert marks("1984") == ["number"]
    assert marks("the") == ["closed class"]
    assert marks("members and") == ["fragment"]
    assert marks("look at", is_lemma=True) == []
    assert marks("foxez") == ["likely typo"]
    assert marks("red fox") == []


def test_typos_are_an_edit_away_from_far_more_frequent_words() -> None:
    counts = {"government": 1000, "govermnent": 5, "goverment": 9, "governmentt": 1, "govorment": 2, "governments": 3}
    counts |= {"movement": 1000, "mouvement": 50, "pavement": 9, "fixes": 1, "foxes": 1000}
    found = likely_typos(counts, known={"governments"})
    assert found == {"govermnent", "goverment", "governmentt"}
    assert likely_typos({}, set()) == set()
