"""An agreement in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.agreement.findings import HUB_FACTOR, HUB_LEAST_IMAGES, Findings, GroupRow


def print_findings(found: Findings, console: Console) -> None:
    """Tables of groups, of skewness and of hubs, and how sure the best concepts are."""
    console.print(
        Text(
            f"{found.captioned:,} of {found.rows:,} images have a caption in a language of the vocabulary; "
            f"{found.unnamed:,} of these captions name no concept"
        ),
        soft_wrap=True,
    )
    console.print(agreement_table("type", found.by_type))
    console.print(agreement_table("captions", found.by_frequency))
    below = (
        f"{found.below:,} images ({found.below / found.captioned:.1%}) have no concept of {found.threshold:g} or more"
    )
    quantiles = ", ".join(f"{float(share):.0%} below {value:.3f}" for share, value in found.quantiles.items())
    console.print(Text(f"{below}; of the best scores {quantiles}"), soft_wrap=True)
    console.print(_skewness(found))
    console.print(
        Text(
            f"{found.hubs:,} hubs (retrieved {HUB_FACTOR:g} times as often as captions would have it, on "
            f"{HUB_LEAST_IMAGES} images or more) hold {found.hub_share:.1%} of what was retrieved; "
            f"{found.unnamed_hubs:,} of them no caption names, which may also spell them otherwise"
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
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    return table
