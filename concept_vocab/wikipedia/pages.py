"""Pages of a dump in MediaWiki's export format (https://www.mediawiki.org/xml/export-0.10.xsd), one at a time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import NamedTuple

from concept_vocab.source_file import SourceFile
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia.bz2_streams import Part, read_from

_BEGIN, _END, _LAST = b"<page>", b"</page>", b"</mediawiki>"
_MOST_BYTES = 64 << 20  # of one page; MediaWiki takes 2 MB of text
_TAIL_BYTES = 64  # of a dump, in which its last tag stands
_MOST_HEADER_BYTES = 1 << 20
_ARTICLES = "0"
_FILES_AND_CATEGORIES = ("6", "14")  # namespaces (https://www.mediawiki.org/wiki/Manual:Namespace_constants)


class Page(NamedTuple):
    title: str
    text: str  # wikitext


def read_pages(part: Part) -> Iterator[Page]:
    """Articles, without redirects, whose pages begin in the part's streams. One that goes on in the streams behind is
    read to its end, and who reads those passes over it.

    Raises VocabularyError for a file that is damaged or cut short, also between two of its streams.
    """
    for xml in _page_bytes(part):
        try:
            page = ElementTree.fromstring(xml)
        except ElementTree.ParseError as error:
            raise VocabularyError(f"{part.file.name} holds a page that is not XML ({error}): {xml[:80]!r}") from error
        text = page.findtext("revision/text") or ""
        if page.findtext("ns") == _ARTICLES and page.find("redirect") is None and text:
            yield Page(page.findtext("title") or "", text)


def read_link_namespaces(file: SourceFile) -> frozenset[str]:
    """What begins links to files and categories in this Wikipedia, lower case: file, image, category, and its own.

    Raises VocabularyError for a file that is no dump of MediaWiki.
    """
    header = b""
    for chunk in read_from(Part(file, 0, max(file.size_bytes(), 1))):
        header += chunk.data
        if b"</siteinfo>" in header or len(header) > _MOST_HEADER_BYTES:
            break
    if b"</siteinfo>" not in header:
        raise VocabularyError(f"{file.name} does not begin as a MediaWiki dump does, with <siteinfo>")
    namespaces = re.findall(rb'<namespace key="(-?\d+)"[^>]*>([^<]*)</namespace>', header)
    own = {name.decode().lower() for key, name in namespaces if key.decode() in _FILES_AND_CATEGORIES}
    return frozenset({"file", "image", "category"} | own)


def _page_bytes(part: Part) -> Iterator[bytes]:
    """From ``<page>`` to ``</page>``: neither stands within a page, whose text is escaped."""
    held, at, own_end, last = b"", 0, 0, b""  # at: offset of what is held in all that is decompressed
    for chunk in read_from(part):
        own_end += len(chunk.data) if chunk.is_own else 0
        held += chunk.data
        last = (last + chunk.data)[-_TAIL_BYTES:]
        while (begin := held.find(_BEGIN)) >= 0 and at + begin < own_end:
            at, held = at + begin, held[begin:]
            end = held.find(_END) + len(_END)
            if end < len(_END):
                break
            yield held[:end]
            at, held = at + end, held[end:]
        if not held.startswith(_BEGIN):
            passed = max(len(held) - len(_BEGIN) + 1, 0)  # what is left may be the beginning of a tag
            at, held = at + passed, held[passed:]
        if not chunk.is_own and at >= own_end:
            return
        if len(held) > _MOST_BYTES:
            raise VocabularyError(f"{part.file.name} holds a page of over {_MOST_BYTES} bytes: {held[:80]!r}")
    if _LAST not in last and not _LAST.endswith(last.strip()):  # the part may begin within the tag
        raise VocabularyError(f"{part.file.name} is cut short: it does not end with {_LAST.decode()}")
