"""A dump of a few pages, in the form of the real ones: one stream of bz2, or many."""

from __future__ import annotations

import bz2
import pathlib
from collections.abc import Sequence
from xml.sax.saxutils import escape

HEADER = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10" xml:lang="en">
  <siteinfo>
    <sitename>Wikipedia</sitename>
    <namespaces>
      <namespace key="0" case="first-letter" />
      <namespace key="6" case="first-letter">Datei</namespace>
      <namespace key="14" case="first-letter">Kategorie</namespace>
    </namespaces>
  </siteinfo>
""".replace(' xmlns="http://www.mediawiki.org/xml/export-0.10/"', "")
FOOTER = "</mediawiki>\n"


def page(title: str, text: str, ns: int = 0, redirect: str | None = None) -> str:
    to = f'    <redirect title="{redirect}" />\n' if redirect else ""
    return (
        f"  <page>\n    <title>{escape(title)}</title>\n    <ns>{ns}</ns>\n{to}    <revision>\n"
        f'      <text xml:space="preserve">{escape(text)}</text>\n    </revision>\n  </page>\n'
    )


def multistream(pages: Sequence[str], pages_a_stream: int = 2) -> bytes:
    """As Wikimedia's multistream dumps are: the header, some pages, some pages …, the last tag, a stream each."""
    groups = ["".join(pages[at : at + pages_a_stream]) for at in range(0, len(pages), pages_a_stream)]
    return b"".join(bz2.compress(part.encode()) for part in (HEADER, *groups, FOOTER))


def cut_anywhere(pages: Sequence[str], stream_bytes: int) -> bytes:
    """As parallel compressors write them: streams that end in the middle of a page, a tag or a letter."""
    xml = (HEADER + "".join(pages) + FOOTER).encode()
    return b"".join(bz2.compress(xml[at : at + stream_bytes]) for at in range(0, len(xml), stream_bytes))


def single(pages: Sequence[str]) -> bytes:
    return bz2.compress((HEADER + "".join(pages) + FOOTER).encode())


def write(path: pathlib.Path, data: bytes) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
