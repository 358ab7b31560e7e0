"""Job: two finished runs → what differs between them, in the terminal and as a page."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from pipelines.looking import look_into
from transforms.browsing.comparing import compare
from transforms.reporting.comparison import print_comparison, render_comparison
from transforms.storage import StoragePath


def run(first_uri: str, second_uri: str, html: str | None, console: Console | None = None) -> StoragePath:
    """Print the tables and write the page to ``html`` (None: into the second run's report/); returns where it lies.

    Raises RunFolderError where either is no run, or balance of it is not done.
    """
    console = console or Console()
    first, second = (look_into(uri, console) for uri in (first_uri, second_uri))
    found = compare(first, second)
    file = f"compared-with-{first.folder.fingerprint}.html"
    page = StoragePath.of(html) if html is not None else second.folder.report.parent / file
    page.write_text(render_comparison(found))
    print_comparison(found, console)
    console.print(Text(f"Page: {page}"), soft_wrap=True)
    return page
