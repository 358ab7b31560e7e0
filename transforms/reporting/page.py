"""The report as one HTML page: figures, charts, pictures, and a list of all concepts that is searched in the page."""

from __future__ import annotations

from typing import Any

import yaml
from markupsafe import Markup

from transforms.reporting.charts import Frame, count_histogram, inline_svg, rank_frequency
from transforms.reporting.summary import ConceptCounts, ConceptRow, RunSummary
from transforms.reporting.templates import render_template
from transforms.stages import stage_named


def render(summary: RunSummary) -> str:
    """The page; the same summary gives the same text."""
    return render_template(
        "page.html",
        script="page.js",
        run=summary,
        arrivals=_arrivals(summary),
        charts=_charts(summary.concept_counts) if summary.measures else {},
        concept_groups=_concept_groups(summary),
        multilingual=len({concept.lang for concept in (*summary.commonest, *summary.rarest)}) > 1,
        settings=yaml.safe_dump(dict(summary.config), sort_keys=False, allow_unicode=True, width=100),
    )


def _arrivals(summary: RunSummary) -> list[tuple[str, int]]:
    """(what, rows) along the chain, from the raw pairs on."""
    through = [(stage_named(stage.name).leaves, stage.counts.rows_out) for stage in summary.stages]
    return [("raw", summary.raw), *((what, rows) for what, rows in through if what is not None)]


def _charts(concepts: ConceptCounts) -> dict[str, dict[str, Markup]]:
    """Each chart for a wide and for a narrow column, so that its letters stay readable in both."""
    described = {
        "rank_frequency": (rank_frequency, "Images a concept against its rank: before, random, and after balancing"),
        "histogram": (count_histogram, "How many concepts have how many images: before, random, and after balancing"),
    }
    frames = {
        "rank_frequency": {"wide": Frame(440, 370), "narrow": Frame(270, 250)},
        "histogram": {"wide": Frame(920, 330), "narrow": Frame(270, 270)},
    }
    return {
        name: {width: Markup(inline_svg(draw(concepts, frame), description)) for width, frame in frames[name].items()}
        for name, (draw, description) in described.items()
    }


def _concept_groups(summary: RunSummary) -> list[dict[str, Any]]:
    """Commonest and rarest; bars are drawn to the scale of their group."""
    groups = [("Commonest concepts", "commonest", summary.commonest), ("Rarest concepts", "rarest", summary.rarest)]
    return [
        {"title": title, "id": anchor, "concepts": concepts, "largest": _largest(concepts)}
        for title, anchor, concepts in groups
        if concepts
    ]


def _largest(concepts: tuple[ConceptRow, ...]) -> int:
    return max(max(concept.random, concept.after, 1) for concept in concepts)
