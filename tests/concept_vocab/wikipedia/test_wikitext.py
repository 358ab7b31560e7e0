"""Of wikitext stays what a reader sees."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("mwparserfromhell")

from concept_vocab.wikipedia import wikitext as module
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
        ("http://a.b [http://c.d]", "http://a.b"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("'''A'''lbedo ''n''-th", "Albedo n-th"),
        ("<div class='x'>One<ref>two</ref> <small>three[[File:x.jpg|four]]</small></div>", "One three"),
        ("{{{x|one}}} {{{y}}}two &#x41;&#66;", "one two AB"),
        ("== One ==\n* two\n; three : four", "One \n two\n three  four"),
        ("<nowiki>{{one}}</nowiki> <nowiki>[[two]]</nowiki>", "{{one}} [[two]]"),
        ("One {{two|{{three|[[four]]}} five}} {{<six>}}", "One  {{<six>}}"),
        ("[[{{one}}|two]] {| three {{!}} |}", "two {| three  |}"),
        ("{|\n| a\n{|\n| b\n|}\n| c\n|}One", "One"),
        ("<ref name=a/b>one</ref>two<REF name=c />three<ref name=d/>four", "twothreefour"),
        ("<!-- {{ -->One}}<!-- two", "One}}<!-- two"),
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


def _of_parts(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(parts, max_size=4).map("".join)
    name = st.sampled_from(["cite", " cite web\n", "!", "#if:x", "n{{m}}"])
    return st.one_of(
        st.builds("{{{{{}|{}|a={}}}}}".format, name, several, several),
        st.builds("{{{{{}}}}}".format, name),
        st.builds('<ref name="n">{}</ref>'.format, several),
        st.builds("<!--{}-->".format, parts),
        st.builds("\n{{|class=c\n! {}\n|-\n| {}\n|}}\n".format, several, several),
        st.builds("[[{}|{}]]".format, st.sampled_from(["fox", "File:fox.jpg"]), several),
        st.builds("<small>{}</small>".format, several),
        st.builds("<nowiki>{}</nowiki>".format, parts),
        several,
    )


#: No headings: of a template that has one behind two templates in an argument, the parser itself shows what no reader
#: sees.
WORDS = st.sampled_from(["fox ", "red", "\n", "{", "|", "''", "<ref name=x />", "<br>", "[http://a.b c]", "* "])


@given(st.recursive(WORDS, _of_parts, max_leaves=12))
@example("{{cite||a=\n{|class=c\n! \n|-\n| {{fox \n|}\n}}")  # what is open in the table ends behind it
@example("{{cite||a={{<ref name=x />}}")
def test_what_is_cut_before_it_is_parsed_is_what_the_parser_leaves_out(wikitext: str) -> None:
    seen = plain_text(wikitext, NAMESPACES)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "without_unseen", str)
        assert plain_text(wikitext, NAMESPACES).split() == seen.split()
