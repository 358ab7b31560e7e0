"""The pictures of a report: rank-frequency curves and histograms of concept counts, as static SVG and PNG.

They hold numbers only, never a concept's name, so nothing from the web enters them.

Shape legend: C concepts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import vl_convert as vlc
from numpy.typing import NDArray

from transforms.reporting.summary import ConceptCounts

#: Grey-blue, grey and vermilion stay apart for every common colour blindness. ``page.css`` names the same hex values
#: to restyle them for a dark page: change both.
SERIES_COLOURS = {"before": "#5b7fa6", "random": "#8b929c", "after": "#d9480f"}
TEXT_COLOUR, GRID_COLOUR = "#4b5563", "#e3e7ec"

_DASHES = {"before": [1, 0], "random": [5, 4], "after": [1, 0]}
_LABELS = {"before": "before", "random": "random, same size", "after": "after"}
_CURVE_POINTS = 160  # a log axis shows no more, whether there are 300 concepts or 500,000
#: A mark with a description as Vega writes it: the description, then geometry and style.
_LABELLED_MARK = re.compile(r'<path aria-label="([^"]*)"[^>]*? (transform|d)=([^>]*)/>')

#: A chart in Vega-Lite's grammar, https://vega.github.io/vega-lite/
Spec = dict[str, Any]


@dataclass(frozen=True)
class Frame:
    """Size of a picture and how it stands on the page: a figure of its own has a background and a legend."""

    width: int
    height: int
    standalone: bool = False


def curve_points(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(C,) counts → ranks (from 1) and counts, thinned evenly on a log axis; concepts without an image are left out."""
    falling = np.sort(counts[counts > 0])[::-1]
    if not len(falling):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    ranks = np.unique(np.geomspace(1, len(falling), _CURVE_POINTS).round().astype(np.int64))
    return ranks, falling[ranks - 1]


def histogram(counts: NDArray[np.int64], bins: int) -> NDArray[np.int64]:
    """(C,) counts → concepts in each bin: none, 1, 2-3, 4-7, 8-15 and so on, each twice as wide as the one before."""
    exponents = np.frexp(counts.astype(np.float64))[1]  # 0 → 0, 1 → 1, 2-3 → 2, 4-7 → 3
    return np.bincount(np.minimum(exponents, bins - 1), minlength=bins)


def rank_frequency(concepts: ConceptCounts, frame: Frame) -> Spec:
    """Images a concept against its rank, both axes logarithmic: the flatter the curve, the better balanced."""
    rows: list[dict[str, Any]] = [
        {
            "series": _LABELS[name],
            "rank": int(rank),
            "images": int(count),
            "label": f"{name}: rank {rank:,}, {count:,} images",
        }
        for name, counts in concepts.series().items()
        for rank, count in zip(*curve_points(counts), strict=True)
    ]
    x_axis = _log_axis(max((row["rank"] for row in rows), default=1))
    y_axis = _log_axis(max((row["images"] for row in rows), default=1))
    x = alt.X("rank:Q", title="concepts, from the most to the least frequent", scale=_log_scale(), axis=x_axis)
    y = alt.Y("images:Q", title="images a concept", scale=_log_scale(), axis=y_axis)
    lines = alt.Chart(alt.InlineData(values=rows)).mark_line(strokeWidth=2.4, strokeJoin="round", strokeCap="butt")
    # what the pointer meets: each becomes a <title> in the SVG
    targets = alt.Chart(alt.InlineData(values=rows[::4])).mark_circle(opacity=0, size=120)
    chart = alt.layer(
        lines.encode(x=x, y=y, color=_series_colour(frame), strokeDash=_series_dash()),
        targets.encode(x=x, y=y, description="label:N"),
    ).properties(width=frame.width, height=frame.height)
    return _with_theme(chart, frame)


def count_histogram(concepts: ConceptCounts, frame: Frame) -> Spec:
    """How many concepts have how many images, one row a series: balancing draws the bars together."""
    largest = max((int(counts.max(initial=0)) for counts in concepts.series().values()), default=0)
    bins = max(largest.bit_length(), 3) + 1
    floors = ["0"] + [_short(2**exponent) for exponent in range(bins - 1)]
    rows = []
    for name, counts in concepts.series().items():
        values = [
            {"at": floors[i], "concepts": int(n), "label": f"{_bin_label(i)}: {n:,} concepts ({_LABELS[name]})"}
            for i, n in enumerate(histogram(counts, bins))
            if n
        ]
        rows.append(_histogram_row(values, name, floors, frame, is_last=name == "after"))
    return _with_theme(alt.vconcat(*rows, spacing=8).resolve_scale(y="shared"), frame)


def to_svg(spec: Spec) -> str:
    return str(vlc.vegalite_to_svg(spec))


def to_png(spec: Spec) -> bytes:
    return bytes(vlc.vegalite_to_png(spec, scale=2))


def inline_svg(spec: Spec, description: str) -> str:
    """An SVG to stand inside a page: scales with its column, one label for screen readers, tooltips as <title>."""
    svg = to_svg(spec)
    svg = _LABELLED_MARK.sub(r"<path \2=\3><title>\1</title></path>", svg)
    svg = re.sub(r' (aria-[a-z]+|role)="[^"]*"', "", svg)
    svg = re.sub(r' width="\d+" height="\d+" (viewBox)', r" \1", svg, count=1)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{description}" ', 1)


def _histogram_row(values: list[dict[str, Any]], name: str, floors: list[str], frame: Frame, is_last: bool) -> Any:
    colour = SERIES_COLOURS[name]
    bars = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X(
            "at:O",
            title="images a concept, in bins that double" if is_last else None,
            scale=alt.Scale(domain=floors),
            axis=alt.Axis(labels=is_last, ticks=False, labelAngle=0, labelOverlap=True, labelPadding=6),
        ),
        y=alt.Y("concepts:Q", title=None, axis=alt.Axis(tickCount=3, domain=False, ticks=False, labelPadding=6)),
        description="label:N",
    )
    if name == "random":
        bars = bars.mark_bar(fill=colour, fillOpacity=0.18, stroke=colour, strokeDash=[3, 2], strokeWidth=1.2)
    else:
        bars = bars.mark_bar(fill=colour)
    title = alt.TitleParams(
        f"concepts, {name}", anchor="start", frame="group", fontSize=12, fontWeight=600, color=TEXT_COLOUR, offset=6
    )
    return bars.properties(width=frame.width, height=frame.height // 3, title=title)


def _log_scale() -> alt.Scale:
    return alt.Scale(type="log", nice=False, domainMin=1)


def _log_axis(largest: int) -> alt.Axis:
    """Ticks at the powers of ten; at 1, 2 and 5 of each where there are few of them."""
    steps = (1, 2, 5) if largest <= 200 else (1,)
    ticks = [step * 10**power for power in range(len(str(largest))) for step in steps]
    return alt.Axis(values=ticks, format="~s", domain=False, ticks=False, labelPadding=6, titlePadding=10)


def _series_colour(frame: Frame) -> alt.Color:
    legend = alt.Legend(title=None, orient="top", symbolType="stroke", symbolSize=400, symbolStrokeWidth=3)
    names = [_LABELS[name] for name in SERIES_COLOURS]
    scale = alt.Scale(domain=names, range=list(SERIES_COLOURS.values()))
    return alt.Color("series:N", scale=scale, legend=legend if frame.standalone else None)


def _series_dash() -> alt.StrokeDash:
    names = [_LABELS[name] for name in _DASHES]
    return alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=list(_DASHES.values())), legend=None)


def _with_theme(chart: Any, frame: Frame) -> Spec:
    fonts = "Inter, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
    axis = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    colours = {
        "labelColor": TEXT_COLOUR,
        "titleColor": TEXT_COLOUR,
        "gridColor": GRID_COLOUR,
        "domainColor": GRID_COLOUR,
    }
    config = {
        "font": fonts,
        "background": "white" if frame.standalone else None,
        "padding": 16 if frame.standalone else 2,
        "view": {"stroke": None},
        "axis": {**axis, **colours},
        "legend": {"labelColor": TEXT_COLOUR, "labelFontSize": 13},
    }
    return {**chart.to_dict(validate=False), "config": config}  # its schema takes longer than drawing


def _short(count: int) -> str:
    """1024 → 1k: the binary thousands of the bins, for an axis."""
    for unit, size in (("G", 2**30), ("M", 2**20), ("k", 2**10)):
        if count >= size:
            return f"{count // size}{unit}"
    return str(count)


def _bin_label(index: int) -> str:
    if index < 2:
        return f"{index} images"
    return f"{2 ** (index - 1):,} to {2**index - 1:,} images"
