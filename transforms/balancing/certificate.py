"""``balance/certificate.json``: what balance aimed at and reached, how far that is from the best there can be, what it
promised and whether that was kept, and what each demand cost.

Evenness is 1 − KL(p‖t) / log V: the normalised entropy of concepts where the target t is flat, 1 where it is met.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from transforms.at_rest import FORMAT_VERSION, check_origin, read_json
from transforms.balancing.by_type import far_off, figures_by_type
from transforms.balancing.cells import Cells
from transforms.balancing.exchange import Exchange
from transforms.balancing.measures import band_coverage, evenness
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.outlook import Outlook
from transforms.balancing.profile import SELECTIONS
from transforms.balancing.sampling import Expectation
from transforms.balancing.selection_tally import SelectionTally
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally
from transforms.run_folder import RunFolder
from transforms.vocabulary_folder import read_concepts

#: What a type may be expected to have before it is told, times its cap; and what chance and exchanges may add, of the
#: whole.
_NEAR, _FAR = 1.02, 0.05

_NAMED = 10  # concepts: those that fell short, and those whose floors cost most

#: Σπ(1−π) over the size: below it a seed changes little, and so does the noise of retrieval.
_LEAST_FREE_SHARE = 0.01


def write_certificate(
    outcome: SelectionTally,
    folder: RunFolder,
    settings: BalanceSettings,
    tally: CorpusTally,
    weights: Weighting,
    expectation: Expectation,
    outlook: Outlook,
    exchange: Exchange,
) -> None:
    concepts = read_concepts(folder, ["name", "type"])
    names = concepts["name"].to_pylist()
    free = float(expectation.variance.sum())
    values: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "fingerprint": folder.fingerprint,
        "method": settings.method,
        "size": settings.size,
        **_evenness(outcome, settings, outlook, names),
        "floor": _floor(outcome, outlook, weights, exchange, names),
        "caps": [*_caps(outcome, settings, outlook), *_type_caps(outcome, outlook, weights)],
        "chance": {
            "free_draws": free,
            "share": free / settings.size,
            "is_small": free < _LEAST_FREE_SHARE * settings.size,
        },
        "concepts_per_image": {
            "before": float(tally.count_before.sum()) / max(tally.rows, 1),
            "after": float(outcome.count_after.sum()) / settings.size,
        },
        "without_concept": {"before": outcome.bare_rows, "after": outcome.bare_copies},
        "fit": _fit(weights, tally),
        "coverage_by_band": band_coverage(outcome.count_after, tally.count_before),
        "coverage_by_stratum": outcome.profile.coverage(Strata.of(settings).names),
        "beside": outcome.profile.figures(),
        **_types(outcome, settings, tally, outlook, concepts["type"].to_pylist()),
    }
    text = json.dumps(_rounded(values), indent=2, sort_keys=True, ensure_ascii=False)
    folder.certificate.write_text(text + "\n")


def _types(
    outcome: SelectionTally, settings: BalanceSettings, tally: CorpusTally, outlook: Outlook, types: list[str | None]
) -> dict[str, Any]:
    """By type of concept, where there are types; and what was asked of them."""
    counts = (tally.count_before, *outcome.count_baselines, outcome.count_after)
    found = figures_by_type(types, dict(zip(SELECTIONS, counts, strict=True)), outlook.target)
    asked = settings.even.target_by_type if settings.method == "even" else {}
    return {**({"by_type": found} if found else {}), **({"target_by_type": dict(asked)} if asked else {})}


def _evenness(
    outcome: SelectionTally, settings: BalanceSettings, outlook: Outlook, names: list[str]
) -> dict[str, dict[str, Any]]:
    """How even it is, how even any could be, and where the difference went."""
    bound, bound_with_floors = outlook.bounds(outcome.scores, settings.max_copies)
    expected = evenness(outlook.expected, outlook.target)
    drawn = evenness(outlook.shortage.drawn.astype(np.float64), outlook.target)
    selected = evenness(outcome.count_after.astype(np.float64), outlook.target)
    return {
        "evenness": {
            "bound": bound,
            "bound_with_floors": bound_with_floors,
            "expected": expected,
            "drawn": selected,
            "gap": bound - selected,
            "gap_with_floors": bound_with_floors - selected,
        },
        "costs": {
            "floors": bound - bound_with_floors,
            "chance_and_fit": bound_with_floors - expected,
            "drawing": expected - drawn,
            "exchanges": drawn - selected,
            "dearest_floors": _dearest(outlook, names),
        },
    }


def _rounded(value: Any) -> Any:
    """Floats to 6 places: the last bits of a machine's logarithms do not reach the file."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value


def read_certificate(folder: RunFolder) -> dict[str, Any]:
    """Raises RunFolderError where there is none, or one of another run."""
    values: dict[str, Any] = read_json(folder.certificate)
    check_origin(folder.certificate, values.get("format_version"), values.get("fingerprint"), folder.fingerprint)
    return values


def _floor(
    outcome: SelectionTally, outlook: Outlook, weights: Weighting, exchange: Exchange, names: list[str]
) -> dict[str, Any] | None:
    """None where nothing was promised."""
    if weights.promise is None:
        return None
    floor = outlook.shortage.floor
    missing = np.maximum(floor - outcome.count_after, 0)
    short = np.flatnonzero(missing)
    worst = short[np.argsort(-missing[short], kind="stable")[:_NAMED]].tolist()
    return {
        "images": weights.promise.floor,
        "concepts": int((floor > 0).sum()),
        "short_as_drawn": int((outlook.shortage.missing > 0).sum()),
        "exchanged": int(exchange.change.clip(min=0).sum()),
        "short": len(short),
        "missing": int(missing.sum()),
        "worst": [
            {"id": row, "name": names[row], "has": int(outcome.count_after[row]), "of": int(floor[row])}
            for row in worst
        ],
    }


def _caps(outcome: SelectionTally, settings: BalanceSettings, outlook: Outlook) -> list[dict[str, Any]]:
    """What each cap allows of the size, and what was selected under it; ``nats``: what it costs an image."""
    cells = Cells.of(settings)
    copies = outcome.group_copies.reshape(-1, len(cells)).sum(axis=0)  # with a concept and without
    return [
        {
            "by": cap.by,
            "name": cap.name,
            "share": cap.share,
            "has": int(copies[cap.holds].sum()),
            "of": settings.size,
            "nats": float(price),
        }
        for cap, price in zip(cells.caps(), outlook.cap_prices, strict=True)
    ]


def _type_caps(outcome: SelectionTally, outlook: Outlook, weights: Weighting) -> list[dict[str, Any]]:
    """The same of types, whose shares are of the copies of all concepts; ``nats``: what it costs a copy."""
    if weights.promise is None:
        return []
    caps, total, every = weights.promise.target.caps, int(outcome.count_after.sum()), np.arange(len(outlook.expected))
    has = np.rint(total * caps.shares(outcome.count_after.astype(np.float64), every)).astype(np.int64)
    columns = (caps.most, has, caps.shares(outlook.expected, every), weights.promise.tilt)
    told = zip(caps.names, *(column.tolist() for column in columns), strict=True)
    return [
        {"by": "type", "name": name, "share": most, "has": held, "of": total, "expected": expected, "nats": price}
        for name, most, held, expected, price in told
    ]


def _dearest(outlook: Outlook, names: list[str]) -> list[dict[str, Any]]:
    """Concepts by what their floors cost: nats that an image of them is lifted by."""
    order = np.argsort(-outlook.multipliers, kind="stable")[:_NAMED]
    return [
        {"id": row, "name": names[row], "nats": float(outlook.multipliers[row])}
        for row in order.tolist()
        if outlook.multipliers[row] > 0
    ]


def _fit(weights: Weighting, tally: CorpusTally) -> dict[str, Any] | None:
    if weights.promise is None:
        return None
    promise = weights.promise
    return {
        "sample_rows": promise.sample_rows,
        "rows": tally.rows,
        "is_whole": promise.is_whole,
        "settled": promise.settled,
        "passes": list(promise.passes),
    }


def warnings(values: dict[str, Any]) -> list[str]:
    """What a user should be told of a certificate; empty where all is well."""
    told = []
    floor, fit, chance = values["floor"], values["fit"], values["chance"]
    if floor is not None and floor["short"]:
        worst = floor["worst"][0]
        told.append(
            f"{floor['short']:,} concepts hold fewer images than the floor of {floor['images']}, or than there are of "
            f"them; most is missing of {worst['name']!r}, which holds {worst['has']} of {worst['of']}. No images "
            "could be exchanged for them: raise balance.size, or lower balance.even.floor."
        )
    if fit is not None and not fit["settled"]:
        told.append(
            "the fit of even had not settled when it ended, so the selection may be less even than it could be. Raise "
            "balance.even.max_iterations, or lower balance.even.beta."
        )
    told += [
        f"balance.even.caps.type allows {cap['name']} {100 * cap['share']:g} % of the concepts selected, and it has "
        f"{100 * cap['has'] / cap['of']:.1f} %: what images hold together, and floors, stand against it. Lower "
        "balance.size or the floor, or allow more."
        for cap in values.get("caps", ())
        if cap["by"] == "type" and max(cap["expected"] / _NEAR, cap["has"] / cap["of"] - _FAR) > cap["share"]
    ]
    if values.get("target_by_type") and (off := far_off(values["by_type"])):
        told.append(
            f"balance.even.target_by_type could not be met, of all concepts selected: {', '.join(off)} asked for. What "
            "the images hold together, and floors, stand against it: lower balance.size or the floor, or ask for less."
        )
    if chance["is_small"] and values["method"] == "even":
        told.append(
            f"only {chance['free_draws']:.0f} of {values['size']:,} choices are left to chance: another seed gives "
            "nearly the same images. Lower balance.even.beta for more."
        )
    return told
