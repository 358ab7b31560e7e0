"""The pictures of a report as files of their own, for a README or a dataset card."""

from __future__ import annotations

from transforms.reporting.charts import Frame, count_histogram, rank_frequency, to_png, to_svg
from transforms.reporting.summary import ConceptCounts

RANK_FREQUENCY, CONCEPT_HISTOGRAM = "rank_frequency", "concept_histogram"


def render_figures(concepts: ConceptCounts) -> dict[str, bytes]:
    """File name → content: each picture as .svg and as .png, on white, with a legend of its own."""
    figures = {
        RANK_FREQUENCY: (rank_frequency, Frame(680, 400, standalone=True)),
        CONCEPT_HISTOGRAM: (count_histogram, Frame(680, 330, standalone=True)),
    }
    files = {}
    for name, (draw, frame) in figures.items():
        spec = draw(concepts, frame)
        files[f"{name}.svg"] = to_svg(spec).encode()
        files[f"{name}.png"] = to_png(spec)
    return files
