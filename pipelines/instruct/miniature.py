"""The embedded instruction corpus, drawn where it is not there yet."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipelines.engine.settings import available_cores
from pipelines.instruct.settings import MiniatureInstructions
from transforms.miniature.instruct.corpus import rows_path, write_corpus
from transforms.storage import StoragePath


def draw(corpus: MiniatureInstructions, console: Console) -> None:
    """At once done where it is there; raises RunFolderError where the folder holds a corpus of other settings."""
    folder = StoragePath.of(corpus.folder)
    columns = (
        TextColumn("miniature"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pictures"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("miniature", total=None, visible=not rows_path(folder).is_file())
        write_corpus(
            folder,
            corpus.settings,
            available_cores(),
            lambda done, of: progress.update(bar, completed=done, total=of),
        )
