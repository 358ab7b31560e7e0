"""What is cut before the parser; that it is what the parser leaves out is told by the tests of wikitext."""

from __future__ import annotations

from concept_vocab.wikipedia.unseen import MARK, without_unseen


def test_what_is_cut() -> None:
    whole = "One{{two|{{three}}\n|[[four]]}}<ref>five</ref><!-- six -->\n{|\n| seven\n|}\neight"
    assert without_unseen(whole) == f"One{MARK}{MARK}{MARK}\n{MARK}\neight"
    assert without_unseen("<nowiki>{{</nowiki> {{one}}") == "<nowiki>{{</nowiki> {{one}}"
