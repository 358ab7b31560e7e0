"""The measures of balance as rows of a table: before, in a random selection of the same size, and after."""

from __future__ import annotations

from transforms.balancing.measures import COVERED_IMAGES, measures
from transforms.reporting.summary import ConceptCounts, MeasureRow


def measure_rows(concepts: ConceptCounts) -> tuple[MeasureRow, ...]:
    """Every measure with what it means; the one to read first stands first. Empty where no concept was found."""
    if not concepts.before.any():
        return ()
    of = [measures(counts, concepts.before) for counts in concepts.series().values()]
    return (
        MeasureRow(
            "normalised entropy",
            "1 when every concept has equally many images",
            "ratio",
            *(each.normalised_entropy for each in of),
        ),
        MeasureRow(
            "share of the top 1 % of concepts",
            "of all occurrences of concepts; lower is more even",
            "percent",
            *(each.top_percent_share for each in of),
        ),
        MeasureRow(
            "Gini coefficient", "0 when every concept has equally many images", "ratio", *(each.gini for each in of)
        ),
        MeasureRow(
            "distance to uniform",
            "share of the occurrences that would have to move for all concepts to be equal",
            "ratio",
            *(each.distance_to_uniform for each in of),
        ),
        MeasureRow(
            f"concepts with {COVERED_IMAGES} images or more",
            f"of the {of[0].concepts:,} that the raw corpus holds",
            "count",
            *(each.covered for each in of),
        ),
    )
