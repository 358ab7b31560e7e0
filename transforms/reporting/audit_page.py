"""The sheet of an audit as a page of its own: nothing is loaded, everything that rows say is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transforms.instruct.auditing.drawing import Stratum
from transforms.instruct.auditing.labels import LABELS
from transforms.instruct.auditing.sheet import Shown, strata_of
from transforms.reporting.templates import render_template


def render_audit(shown: Sequence[Shown], population: Mapping[Stratum, int], run: str, fingerprint: str) -> str:
    """``population``: texts and rows of each stratum."""
    return render_template(
        "audit.html",
        script="audit.js",
        strata=[(stratum, population[stratum], items) for stratum, items in strata_of(shown)],
        total=len(shown),
        population=sum(population.values()),
        labels=LABELS,
        run=run,
        fingerprint=fingerprint,
    )
