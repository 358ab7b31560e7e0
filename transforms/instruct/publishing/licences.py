"""The ledger of licences: how many samples each binds, whose models' terms too, and what binds the mixture as a whole.

What a licence asks is read from its name (https://spdx.org/licenses and Creative Commons' own abbreviations). It is an
account, no legal advice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, get_args

from transforms.instruct.publishing.parts import Ledger

Obligation = Literal["attribution", "share_alike", "non_commercial", "no_derivatives", "unknown"]
#: From the one that restricts least to the one that restricts most: what nobody knows may be anything.
OBLIGATIONS: tuple[Obligation, ...] = get_args(Obligation)

_FREE = re.compile(r"cc0|pddl|unlicense|public-domain|0bsd")
_ATTRIBUTION = re.compile(r"apache|mit\b|bsd|isc\b|odc-by|cc-by|cdla|ms-pl|zlib|open-rail|openrail")
_SHARE_ALIKE = re.compile(r"-sa\b|odbl|gpl|mpl|cdla-sharing")


def obligations_of(licence: str) -> tuple[Obligation, ...]:
    """What a licence asks, in the order of :data:`OBLIGATIONS`; none of one that asks nothing."""
    name = licence.strip().lower().replace("_", "-").replace(" ", "-")
    if _FREE.search(name):
        return ()
    asked: set[Obligation] = set()
    if _ATTRIBUTION.search(name):
        asked.add("attribution")
    if _SHARE_ALIKE.search(name):
        asked |= {"attribution", "share_alike"}
    if re.search(r"-nc\b", name):
        asked.add("non_commercial")
    if re.search(r"-nd\b", name):
        asked.add("no_derivatives")
    if not asked:
        asked.add("unknown")
    return tuple(one for one in OBLIGATIONS if one in asked)


def restriction(licence: str) -> tuple[int, ...]:
    """Rises with how much a licence restricts: by the gravest that it asks, then the next."""
    return tuple(sorted((OBLIGATIONS.index(one) for one in obligations_of(licence)), reverse=True))


def most_restrictive(licences: Mapping[str, int]) -> str | None:
    """The gravest of those that bind a sample, of equals the first by name; None without any."""
    bound = [licence for licence, samples in licences.items() if samples]
    return min(bound, key=lambda one: (tuple(-place for place in restriction(one)) or (1,), one), default=None)


def ledger_values(ledger: Ledger) -> dict[str, Any]:
    """What ``licences.json`` says."""
    licences: Counter[str] = Counter()
    sources: dict[str, Counter[str]] = {}
    terms: Counter[str] = Counter()
    free_of_terms = 0
    for (_, source, licence, _, own_terms, _), samples in sorted(ledger.items()):
        licences[licence] += samples
        sources.setdefault(licence, Counter())[source] += samples
        terms.update(dict.fromkeys(own_terms, samples))
        free_of_terms += 0 if own_terms else samples
    asked = {one for licence in licences for one in obligations_of(licence)}
    return {
        "samples": licences.total(),
        "most_restrictive": most_restrictive(licences),
        "obligations": [one for one in OBLIGATIONS if one in asked],
        "licences": {
            licence: {
                "samples": samples,
                "obligations": list(obligations_of(licence)),
                "sources": dict(sorted(sources[licence].items())),
            }
            for licence, samples in sorted(licences.items())
        },
        "model_terms": dict(sorted(terms.items())),
        "without_model_terms": free_of_terms,
    }
