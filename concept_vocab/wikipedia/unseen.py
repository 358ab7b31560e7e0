"""What no reader of wikitext sees and a pattern finds: cut out before the text is parsed, which takes most of the time.

Nested parts are cut from within. A mark is left in place of each, as MediaWiki's own parser leaves one, so that nothing
else becomes the beginning of a line or a link of nothing. What a pattern is not sure of stays for the parser.
"""

from __future__ import annotations

import re

#: In place of what was cut; it stands in no page.
MARK = "\x7f"

_COMMENT = re.compile("<!--.*?-->", re.DOTALL)

#: A template that holds no other: braces in twos, and a name of one line, as mwparserfromhell asks for.
_TEMPLATE = re.compile(
    r"(?<!\{)\{\{(?!\{)\s*[^\s{}\[\]<>|][^{}\[\]<>|\n]*\s*(?:\|[^{}]*)?\}\}(?!\}(?:\}\})*(?!\}))",
)

#: A reference that holds no other tag, or nothing at all. A tag that ends in a slash has no content.
_REFERENCE = re.compile(r"<ref(?:\s[^<>]*)?(?:/>|(?<!/)>[^<]*</ref\s*>)", re.IGNORECASE)

#: A table that holds no other, by lines.
_TABLE = re.compile(r"^[ \t:]*\{\|[^\n]*\n(?:(?![ \t:]*\{\||[ \t]*\|\})[^\n]*\n)*[ \t]*\|\}(?!\})", re.MULTILINE)

#: Braces and tags that are shown as they stand, and not markup.
_LITERAL = re.compile(r"<nowiki\s*>[^<]*(?:<(?!/nowiki)|(?<=[{|}])[^<]*</nowiki)", re.IGNORECASE)


def without_unseen(wikitext: str) -> str:
    """Without comments, templates, references and tables, but for those that are left to the parser."""
    if _LITERAL.search(wikitext):
        return wikitext
    text = _cut_nested(_TEMPLATE, _COMMENT.sub(MARK, wikitext))
    if "{{" in text or "}}" in text:  # what they open or close may lie within what would be cut
        return wikitext
    return _cut_nested(_TABLE, _REFERENCE.sub(MARK, text))


def _cut_nested(pattern: re.Pattern[str], text: str) -> str:
    found = 1
    while found:
        text, found = pattern.subn(MARK, text)
    return text
