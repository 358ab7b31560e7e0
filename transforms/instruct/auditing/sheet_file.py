"""``audit/sheet.json``: what was drawn, so that labels which come back later find their strata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from transforms.at_rest import FORMAT_VERSION, parsing, read_versioned_json
from transforms.instruct.auditing.drawing import Draw, Stratum
from transforms.storage import StoragePath


@dataclass(frozen=True)
class SheetFile:
    """``population`` of each stratum; ``items``: by their ids, the stratum of each that was drawn."""

    fingerprint: str
    population: Mapping[Stratum, int]
    items: Mapping[str, Stratum]


def write_sheet(path: StoragePath, draw: Draw, fingerprint: str) -> SheetFile:
    found = SheetFile(
        fingerprint,
        dict(sorted(draw.population.items())),
        {item.id: stratum for stratum, items in sorted(draw.items.items()) for item in sorted(items)},
    )
    ids: dict[Stratum, list[str]] = {}
    for one, stratum in found.items.items():
        ids.setdefault(stratum, []).append(one)
    strata = [
        {**stratum._asdict(), "population": number, "items": ids.get(stratum, [])}
        for stratum, number in found.population.items()
    ]
    values = {"format_version": FORMAT_VERSION, "fingerprint": fingerprint, "strata": strata}
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    return found


def read_sheet(path: StoragePath) -> SheetFile:
    """Raises RunFolderError for what is no sheet."""
    with parsing(path):
        values = read_versioned_json(path, None)
        strata = [(Stratum(one["source"], one["stage"], one["language"]), one) for one in values["strata"]]
        return SheetFile(
            values["fingerprint"],
            {stratum: int(one["population"]) for stratum, one in strata},
            {item: stratum for stratum, one in strata for item in one["items"]},
        )
