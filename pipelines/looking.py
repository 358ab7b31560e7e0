"""Opening a run to look into it, whatever its format version."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from transforms.run_folder import RunState
from transforms.storage import StoragePath


def look_into(run_folder_uri: str, console: Console) -> RunState:
    """The state of a run, of this format version or of one before, which is then told; raises RunFolderError where
    there is none."""
    state = RunState.read(StoragePath.of(run_folder_uri), older_too=True)
    if state.is_older:
        console.print(
            Text.assemble(
                ("note:", "yellow"),
                f" {state.folder.root} is of format version {state.format_version}: its Parquet files carry no "
                "checksums, so damage to their values may not show",
            ),
            soft_wrap=True,
        )
    return state
