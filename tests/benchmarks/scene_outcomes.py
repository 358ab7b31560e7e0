"""What the models of the scenes experiment have learnt: recalls, their differences, and recall by how often a thing was
shown. From one table of counts, so that all of it can be computed again without a model.

Shape legend: S seeds, V things.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import vl_convert
from numpy.typing import NDArray

from tests.benchmarks.paired_outcomes import Recalls, holm, paired_difference
from transforms.reporting.charts import SERIES_COLOURS, TEXT_COLOUR

TESTS = ("flat", "natural", "apart")

#: Macro recall on a test, of one arm less another: the one outcome that is tested without adjustment.
PRIMARY = ("flat", "even", "inverse_frequency")
_BASELINES = ("inverse_frequency", "uniform")

THIRDS = ("common", "middling", "rare")
#: Pictures of a thing among those that an arm selected: where bins begin.
TRAINED = (0, 1, 5, 10, 20, 40, 80)

_LEAST_SHOWN = 20  # things of a bin that is drawn: the recall of fewer says little
_TESTS_SHOWN = {
    "flat": "each thing alike",
    "natural": "as in the corpus",
    "apart": "rare things with and without their companion",
}
_ARMS_SHOWN = {"uniform": "random", "inverse_frequency": "before", "even": "after"}  # in the report's colours


def recalls(found: pa.Table, arm: str, test: str) -> Recalls:
    """(S, V) share of the held-out pictures of each thing whose answer names it; NaN where there is none."""
    shown, named = (_matrix(found, arm, test, column) for column in ("shown", "named"))
    return np.divide(named, shown, out=np.full(shown.shape, np.nan), where=shown > 0)


def figures(found: pa.Table) -> dict[str, Any]:
    """The primary outcome, macro recall of every arm on every test, with its interval; of ``flat`` by thirds of things
    and by how often they were trained on; and every arm against the published rule and against chance."""
    arms = found["arm"].unique().to_pylist()
    test, arm, other = PRIMARY
    kept: dict[str, Any] = {"primary": f"macro recall, {test}: {arm} − {other}"}
    kept |= {f"primary_{name}": value for name, value in vars(_difference(found, *PRIMARY)).items()}
    for test in TESTS:
        for arm in arms:
            one = _seen(recalls(found, arm, test))
            alone = paired_difference(one, np.zeros_like(one))
            kept[f"{test}_{arm}"] = {"mean": alone.mean, "low": alone.low, "high": alone.high}
    for arm in arms:
        kept[f"thirds_{arm}"] = dict(zip(THIRDS, _thirds(recalls(found, arm, "flat")), strict=True))
        kept[f"by_trained_{arm}"] = by_trained(found, arm)
    rest = [(test, arm, other) for test in TESTS for other in _BASELINES for arm in arms]
    compared = {one: _difference(found, *one) for one in rest if one[1] != one[2] and one != PRIMARY}
    names = {one: "_".join((one[0], one[1], "less", one[2])) for one in compared}
    adjusted = holm({names[one]: difference.p for one, difference in compared.items()})
    return kept | {names[one]: {**vars(found_), "p": adjusted[names[one]]} for one, found_ in compared.items()}


def by_trained(found: pa.Table, arm: str, test: str = "flat") -> list[dict[str, float]]:
    """Of things that an arm was trained on so often: how many there were (of all seeds), and their mean recall."""
    trained, recall = _matrix(found, arm, test, "trained"), recalls(found, arm, test)
    bins = np.digitize(trained, TRAINED) - 1
    rows = []
    for number, least in enumerate(TRAINED):
        inside = recall[(bins == number) & np.isfinite(recall)]
        if inside.size:
            rows.append({"trained_at_least": least, "things": int(inside.size), "recall": float(inside.mean())})
    return rows


def plot(found: pa.Table) -> bytes:
    """PNG: macro recall of every arm on every test, with 95 % intervals, and recall by how often a thing was shown."""
    arms = found["arm"].unique().to_pylist()
    rows = []
    for test in TESTS:
        for arm in arms:
            one = _seen(recalls(found, arm, test))
            alone = paired_difference(one, np.zeros_like(one))
            rows.append(
                {"test": _TESTS_SHOWN[test], "arm": arm, "recall": alone.mean, "low": alone.low, "high": alone.high}
            )
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=alt.Y("arm:N", sort=arms, title=None))
    colour = alt.condition(
        alt.datum.arm == "even", alt.value(SERIES_COLOURS["after"]), alt.value(SERIES_COLOURS["before"])
    )
    ranges = base.mark_rule().encode(x=alt.X("low:Q", title="macro recall"), x2="high:Q", color=colour)
    dots = base.mark_circle(size=55, opacity=1).encode(x="recall:Q", color=colour)
    layers = alt.layer(ranges, dots).properties(width=190, height=170)
    tests = layers.facet(column=alt.Column("test:N", sort=list(_TESTS_SHOWN.values()), title=None))
    chart = alt.vconcat(tests, _by_trained_chart(found)).properties(background="white")
    return vl_convert.vegalite_to_png(chart.configure_view(stroke=None).to_dict(), scale=2)


def _by_trained_chart(found: pa.Table) -> alt.Chart:
    ends = [*(f"{least}–{after - 1}" for least, after in pairwise(TRAINED[1:]))]
    labels = dict(zip(TRAINED, ["0", *ends, f"{TRAINED[-1]} and more"], strict=True))
    rows = [
        {"arm": arm, "trained": labels[int(row["trained_at_least"])], "recall": row["recall"]}
        for arm in _ARMS_SHOWN
        for row in by_trained(found, arm)
        if row["things"] >= _LEAST_SHOWN
    ]
    scale = alt.Scale(domain=list(_ARMS_SHOWN), range=[SERIES_COLOURS[name] for name in _ARMS_SHOWN.values()])
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X(
                "trained:O", sort=list(labels.values()), title="pictures of the thing among those selected",
                axis=alt.Axis(labelAngle=0, labelColor=TEXT_COLOUR),
            ),
            y=alt.Y("recall:Q", title="recall, each thing alike"),
            color=alt.Color("arm:N", scale=scale, legend=alt.Legend(title=None, orient="right")),
        )
        .properties(width=560, height=190)
    )  # fmt: skip


def _matrix(found: pa.Table, arm: str, test: str, column: str) -> NDArray[np.float64]:
    """(S, V)"""
    rows = found.filter((pc.field("arm") == arm) & (pc.field("test") == test))
    things = len(rows["thing"].unique())
    return np.asarray(rows.sort_by([("seed", "ascending"), ("thing", "ascending")])[column], float).reshape(-1, things)


def _seen(recall: Recalls) -> Recalls:
    """Things that stand in some held-out picture of each seed."""
    return np.asarray(recall[:, np.isfinite(recall).all(axis=0)])


def _difference(found: pa.Table, test: str, arm: str, other: str) -> Any:
    return paired_difference(_seen(recalls(found, arm, test)), _seen(recalls(found, other, test)))


def _thirds(recall: Recalls) -> Sequence[float]:
    """Of things from the commonest to the rarest."""
    return [float(np.nanmean(part)) for part in np.array_split(recall, len(THIRDS), axis=1)]
