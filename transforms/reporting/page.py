"""The report as one HTML page that needs nothing else: no network, no script, no other file.

Captions, keys and concept names come from the web, so the template escapes everything; the only markup put in
unescaped is our own style sheet and the charts, which hold numbers only. The page's own content security policy
forbids scripts and any load from elsewhere, should something slip through all the same.
"""

from __future__ import annotations

import os.path
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from transforms.reporting.charts import Frame, count_histogram, inline_svg, rank_frequency
from transforms.reporting.summary import ConceptCounts, ConceptRow, RunSummary
from transforms.stages import stage_named

_HERE = os.path.dirname(__file__)
_MAX_TEXT = 280  # characters of a caption or detail; whole essays stand in alt texts


def render(summary: RunSummary) -> str:
    """The page; the same summary gives the same text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count=_count, percent=_percent, words=_words, brief=_brief)
    with open(os.path.join(_HERE, "page.css"), encoding="utf-8") as file:
        style = file.read()
    return environment.get_template("page.html").render(
        run=summary,
        style=Markup(style),
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


def _count(value: int) -> str:
    return f"{value:,}"


def _percent(share: float) -> str:
    """Two significant digits below 10 %, so that a rare reason does not read as 0 %."""
    if 0 < share < 0.0001:
        return "< 0.01 %"
    return f"{100 * share:.{2 if share < 0.01 else 1}f} %" if share else "0 %"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _brief(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
