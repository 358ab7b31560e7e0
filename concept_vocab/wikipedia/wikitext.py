"""Wikitext to the text that a reader sees, by mwparserfromhell (https://github.com/earwig/mwparserfromhell).

Templates, comments, references, tables, formulas and code go; of links the label stays, unless they are to files and
categories. The library's tokens are read as they come: its tree of nodes takes most of the time of a parse, and is
built of what goes too.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from mwparserfromhell import parser
from mwparserfromhell.parser import tokens

from concept_vocab.wikipedia.unseen import MARK, without_unseen

#: Elements whose content is no running text.
_WITHOUT_TEXT = frozenset(
    (
        *("ref", "references", "table", "math", "chem", "gallery", "timeline", "syntaxhighlight", "source", "code"),
        *("pre", "categorytree", "graph", "imagemap", "inputbox", "score", "section", "templatedata"),
    )
)
_LINE_ENDS = frozenset(("br", "hr"))

#: Two apostrophes and more are italics and bold (https://www.mediawiki.org/wiki/Help:Formatting).
_STYLE = re.compile("''+")

_PAIRS = (
    (tokens.TemplateOpen, tokens.TemplateClose),
    (tokens.ArgumentOpen, tokens.ArgumentClose),
    (tokens.WikilinkOpen, tokens.WikilinkClose),
    (tokens.ExternalLinkOpen, tokens.ExternalLinkClose),
    (tokens.HTMLEntityStart, tokens.HTMLEntityEnd),
    (tokens.HeadingStart, tokens.HeadingEnd),
    (tokens.CommentStart, tokens.CommentEnd),
    (tokens.TagOpenOpen, tokens.TagCloseClose),
)
_OPENING = frozenset(one for one, _ in _PAIRS)
_CLOSING = frozenset(one for _, one in _PAIRS) | {tokens.TagCloseSelfclose}

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
    read = _Seen(_tokenizer().tokenize(without_unseen(wikitext), 0, True), link_namespaces)
    return _STYLE.sub("", read.text().replace(MARK, ""))


def _tokenizer() -> Any:
    """The library's own choice: that in C, where it was compiled."""
    if parser.use_c:
        return parser.CTokenizer()
    from mwparserfromhell.parser.tokenizer import Tokenizer

    return Tokenizer()


class _Seen:
    """Reads the tokens of one page once. Each opening one has its closing one: the tokenizer sees to that."""

    def __init__(self, found: list[Any], link_namespaces: frozenset[str]) -> None:
        self._tokens: Iterator[Any] = iter(found)
        self._namespaces = link_namespaces

    def text(self) -> str:
        return self._until()[0]

    def _until(self, *ends: type) -> tuple[str, Any]:
        """What is seen up to a token of these kinds, and that token; None at the end of the page."""
        seen: list[str] = []
        for token in self._tokens:
            kind = type(token)
            if kind is tokens.Text:
                seen.append(token["text"])
            elif kind in ends:
                return "".join(seen), token
            elif kind in _OPENING:
                seen.append(self._opened(kind, token))
        return "".join(seen), None

    def _opened(self, kind: type, token: Any) -> str:
        if kind is tokens.WikilinkOpen:
            return self._link()
        if kind is tokens.TagOpenOpen:
            return self._tag()
        if kind is tokens.HTMLEntityStart:
            return self._entity()
        if kind is tokens.HeadingStart:
            return self._until(tokens.HeadingEnd)[0]
        if kind is tokens.ExternalLinkOpen:
            return self._external_link(bool(token.brackets))
        if kind is tokens.ArgumentOpen:
            stopped = self._pass(tokens.ArgumentSeparator)
            return self._until(tokens.ArgumentClose)[0] if type(stopped) is tokens.ArgumentSeparator else ""
        self._pass()  # a template, or a comment
        return ""

    def _link(self) -> str:
        title, end = self._until(tokens.WikilinkSeparator, tokens.WikilinkClose)
        label = title if type(end) is tokens.WikilinkClose else self._until(tokens.WikilinkClose)[0]
        namespace = title.strip().lstrip(":").partition(":")[0].strip().lower()
        return "" if namespace in self._namespaces else label

    def _external_link(self, has_brackets: bool) -> str:
        url, end = self._until(tokens.ExternalLinkSeparator, tokens.ExternalLinkClose)
        if type(end) is tokens.ExternalLinkSeparator:
            return self._until(tokens.ExternalLinkClose)[0]
        return "" if has_brackets else url

    def _tag(self) -> str:
        name, end = self._until(tokens.TagAttrStart, tokens.TagCloseOpen, tokens.TagCloseSelfclose)
        name = name.strip().lower()
        if type(end) is tokens.TagAttrStart:
            end = self._pass(tokens.TagCloseOpen)
        if type(end) is tokens.TagCloseSelfclose:
            return "\n" if name in _LINE_ENDS else ""
        if name in _WITHOUT_TEXT:
            self._pass()
            return ""
        content, _ = self._until(tokens.TagOpenClose)
        self._pass()  # its name again
        return content

    def _entity(self) -> str:
        name = ""
        for token in self._tokens:
            if type(token) is tokens.HTMLEntityEnd:
                break
            name += {tokens.HTMLEntityNumeric: "#", tokens.HTMLEntityHex: "x"}.get(type(token), "") or token["text"]
        return html.unescape(f"&{name};")

    def _pass(self, stop: type | None = None) -> Any:
        """Reads on without a word, to a token of this kind, else to the one that closes what is open; returns it."""
        depth = 0
        for token in self._tokens:
            kind = type(token)
            if kind is tokens.Text:
                continue
            if depth == 0 and (kind is stop or kind in _CLOSING):
                return token
            if kind in _OPENING:
                depth += 1
            elif kind in _CLOSING:
                depth -= 1
        return None
