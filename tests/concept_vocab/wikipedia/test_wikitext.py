"""Of wikitext stays what a reader sees."""

from __future__ import annotations

import pytest

pytest.importorskip("mwparserfromhell")

from concept_vocab.wikipedia.wikitext import infobox_of, plain_text

NAMESPACES = frozenset({"file", "category", "datei"})


@pytest.mark.parametrize(
    ("wikitext", "seen"),
    [
        ("A [[red fox]] and a [[Vulpes|fox]].", "A red fox and a fox."),
        ("One{{cite|title=two}} three<!-- four -->.", "One three."),
        ("One<ref>two</ref> three<ref name=x/>.", "One three."),
        ("[[File:Fox.jpg|thumb|A [[fox]].]]Seen", "Seen"),
        ("[[Datei:Fuchs.jpg|mini]]Seen [[:Category:Foxes]]", "Seen"),
        ("One\n{|\n! a\n|-\n| b\n|}\ntwo", "One\n\ntwo"),
        ("x<math>\\sum y</math>z", "xz"),
        ("Tom &amp; Jerry&nbsp;live", "Tom & Jerry\u00a0live"),
        ("[http://a.b the site]", "the site"),
    ],
)
def test_what_is_seen(wikitext: str, seen: str) -> None:
    assert plain_text(wikitext, NAMESPACES).strip() == seen


@pytest.mark.parametrize(
    ("wikitext", "name"),
    [
        ("{{Short description|x}}\n{{Infobox settlement\n| name = Oslo}}", "infobox settlement"),
        ("{{ infobox_book | a = b}} {{Infobox film}}", "infobox book"),
        ("{{Speciesbox|genus=Vulpes}}", "speciesbox"),
        ("{{Automatic taxobox\n| taxon = Vulpes}}", "automatic taxobox"),
        ("{{Infobox person<!-- see talk -->\n}}", "infobox person"),
        ("An infobox is no {{cite|infobox}}.", None),
    ],
)
def test_infoboxes(wikitext: str, name: str | None) -> None:
    assert infobox_of(wikitext) == name
