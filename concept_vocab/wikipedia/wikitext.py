"""Wikitext to the text that a reader sees, by mwparserfromhell (https://github.com/earwig/mwparserfromhell).

Templates, comments, references, tables, formulas and code go; of links the label stays, unless they are to files and
categories.
"""

from __future__ import annotations

import re
from typing import Any

import mwparserfromhell
from mwparserfromhell.nodes import Tag, Template, Wikilink

#: Elements whose content is no running text.
_WITHOUT_TEXT = frozenset(
    ("ref", "references", "table", "math", "chem", "gallery", "timeline", "syntaxhighlight", "source", "code", "pre")
)

#: "{{Infobox settlement", "{{Speciesbox": what kind of thing a page is of (https://en.wikipedia.org/wiki/Help:Infobox,
#: https://en.wikipedia.org/wiki/Template:Automatic_taxobox).
_INFOBOX = re.compile(
    r"\{\{\s*(infobox[ _][^|{}<\n]+|(?:automatic[ _])?taxobox|speciesbox)\s*(?=[|{}<\n]|$)", re.IGNORECASE
)


def infobox_of(wikitext: str) -> str | None:
    """The name of the first infobox, lower case: "infobox settlement"; None of a page without one."""
    found = _INFOBOX.search(wikitext)
    return " ".join(found[1].replace("_", " ").lower().split()) if found else None


def plain_text(wikitext: str, link_namespaces: frozenset[str]) -> str:
    """``link_namespaces``: lower case, what begins a link to a file or a category. Paragraphs end in line feeds."""
    parsed = mwparserfromhell.parse(wikitext, skip_style_tags=True)
    # to take them out one by one would compare each with all nodes of the page
    parsed.nodes = [node for node in parsed.nodes if not _is_left_out(node, link_namespaces)]
    return str(parsed.strip_code(normalize=True, collapse=False))


def _is_left_out(node: Any, link_namespaces: frozenset[str]) -> bool:
    if isinstance(node, Tag):
        return str(node.tag).strip().lower() in _WITHOUT_TEXT
    if isinstance(node, Wikilink):
        return str(node.title).strip().lstrip(":").partition(":")[0].strip().lower() in link_namespaces
    return isinstance(node, Template)
