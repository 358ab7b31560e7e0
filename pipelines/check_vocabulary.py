"""Job: a finished run → whether retrieval is right, as far as captions can tell, in the terminal or as JSON."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from pipelines.looking import look_into
from transforms.agreement.findings import findings
from transforms.agreement.of_run import agreement_of
from transforms.agreement.terminal import print_findings
from transforms.browsing.settings import RecordedSettings
from transforms.browsing.shards import list_annotated, require
from transforms.stages import ANNOTATE
from transforms.vocabulary_folder import read_concepts

_MOST_SHARDS = 1024  # about 10 million rows: plenty for shares


def run(run_folder_uri: str, threshold: float | None, most: int, as_json: bool, console: Console | None = None) -> None:
    """Print what was found. ``threshold``: of the best score of an image; None: balance.min_similarity of the run.

    Raises RunFolderError where there is no run, its annotations are not complete, or it has no captions.
    """
    console = console or Console()
    state = look_into(run_folder_uri, Console(stderr=True) if as_json else console)
    require(state, ANNOTATE, "a check of its vocabulary")
    least = RecordedSettings.of(state).balance.min_similarity
    shards = list_annotated(state.folder)
    agreement = agreement_of(state, shards[:_MOST_SHARDS], least)
    concepts = read_concepts(state.folder, ["name", "type"])
    names, types = concepts["name"].to_pylist(), concepts["type"].to_pylist()
    found = findings(agreement, names, types, least if threshold is None else threshold, most)
    if as_json:
        console.file.write(json.dumps(found.values(), indent=2, ensure_ascii=False) + "\n")
        return
    if len(shards) > _MOST_SHARDS:
        console.print(Text(f"of {_MOST_SHARDS:,} of {len(shards):,} shards"))
    print_findings(found, console)
