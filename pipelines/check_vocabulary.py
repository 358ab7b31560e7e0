"""Job: a finished run → whether retrieval is right, as far as captions can tell, in the terminal or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.looking import look_into
from transforms.agreement.findings import HUB_FACTOR, HUB_LEAST_IMAGES, Findings, GroupRow, findings
from transforms.agreement.of_run import agreement_of
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
    _print(found, console)


def _print(found: Findings, console: Console) -> None:
    console.print(
        Text(
            f"{found.captioned:,} of {found.rows:,} images have a caption; {found.unnamed:,} of these captions name no "
            "concept"
        ),
        soft_wrap=True,
    )
    console.print(agreement_table("type", found.by_type))
    console.print(agreement_table("captions that name it", found.by_frequency))
    below = (
        f"{found.below:,} images ({found.below / found.captioned:.1%}) have no concept of {found.threshold:g} or more"
    )
    quantiles = ", ".join(f"{float(share):.0%} below {value:.3f}" for share, value in found.quantiles.items())
    console.print(Text(f"{below}; of the best scores {quantiles}"), soft_wrap=True)
    console.print(_skewness(found))
    console.print(
        Text(
            f"{found.hubs:,} hubs (retrieved {HUB_FACTOR:g} times as often as captions would have it, on "
            f"{HUB_LEAST_IMAGES} images or more) hold {found.hub_share:.1%} of what was retrieved"
        ),
        soft_wrap=True,
    )
    if found.worst_hubs:
        console.print(_hubs(found))


def agreement_table(title: str, rows: Sequence[GroupRow]) -> Table:
    """``found``: of what captions name, the share that was retrieved; ``named``: of what was retrieved, the share that
    they name; ``beyond chance``: how many times as often both agree."""
    table = _table(title, "concepts", "retrieved", "named", "both", "found", "in caption", "beyond chance")
    for row in rows:
        counts = (row.concepts, row.of_image, row.of_caption, row.of_both)
        shares = (f"{row.found:.1%}", f"{row.named:.1%}", f"{row.lift:.1f} ×")
        table.add_row(Text(row.name), *(f"{count:,}" for count in counts), *shares)
    return table


def _skewness(found: Findings) -> Table:
    table = _table("images a concept", "skewness", "share of the top 1 %")
    table.add_row("retrieved", f"{found.skewness_of_image:.2f}", f"{found.top_share_of_image:.1%}")
    table.add_row("named by captions", f"{found.skewness_of_caption:.2f}", f"{found.top_share_of_caption:.1%}")
    return table


def _hubs(found: Findings) -> Table:
    table = _table("hub", "retrieved", "named", "factor")
    for hub in found.worst_hubs:
        table.add_row(Text(hub.name), f"{hub.of_image:,}", f"{hub.of_caption:,}", f"{hub.factor:.0f} ×")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title, *columns, box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    return table
