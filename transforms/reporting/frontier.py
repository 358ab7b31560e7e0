"""The frontier of size, evenness, coverage and chance: what settings of balance would come to, each a point."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from transforms.balancing.measures import COVERED_IMAGES
from transforms.balancing.whatif import Outcome
from transforms.reporting.charts import SERIES_COLOURS, TEXT_COLOUR, to_png


def draw_frontier(outcomes: Sequence[Outcome]) -> bytes:
    """PNG: evenness against size, with its error; a point is as large as its choices left to chance, and names the
    concepts that it covers."""
    rows = [
        {
            "size": one.size,
            "evenness": one.evenness,
            "least": one.evenness - one.evenness_error,
            "most": one.evenness + one.evenness_error,
            "choices left to chance": one.free_draws,
            "covered": f"{one.covered:,.0f}",
        }
        for one in outcomes
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=alt.X("size:Q", scale=alt.Scale(zero=False)))
    evenness = alt.Y("evenness:Q", scale=alt.Scale(zero=False))
    points = base.mark_circle(color=SERIES_COLOURS["after"], opacity=0.8).encode(
        y=evenness, size=alt.Size("choices left to chance:Q", legend=alt.Legend(orient="bottom"))
    )
    errors = base.mark_rule(color=SERIES_COLOURS["before"]).encode(y=alt.Y("least:Q", title="evenness"), y2="most:Q")
    names = base.mark_text(dy=-14, color=TEXT_COLOUR).encode(y=evenness, text="covered:N")
    title = f"Evenness by size; numbers: concepts with {COVERED_IMAGES} images"
    chart = alt.layer(errors, points, names).properties(width=560, height=340, background="white", title=title)
    return to_png(chart.configure_view(stroke=None).to_dict())
