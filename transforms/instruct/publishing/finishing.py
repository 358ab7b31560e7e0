"""What makes the shards one mixture: metadata for readers, ledger, card, Croissant, and last the manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from transforms.exporting.manifest import ShardStats, write_manifest
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.publishing import energon
from transforms.instruct.publishing.block import BlockPlan, Publication
from transforms.instruct.publishing.card import CARD, render_card
from transforms.instruct.publishing.croissant import write_mixture_croissant
from transforms.instruct.publishing.licences import ledger_values
from transforms.instruct.publishing.parts import Ledger
from transforms.instruct.publishing.shards import ENDINGS
from transforms.instruct.settings import InstructSource

LICENCES = "licences.json"


@dataclass(frozen=True)
class About:
    """What the card says beside the counts."""

    sources: tuple[InstructSource, ...]
    mix: MixSettings


def finish(stats: Sequence[ShardStats], plans: Sequence[BlockPlan], publication: Publication, about: About) -> int:
    """Write all that stands beside the shards, in any order of both; returns the copies in the mixture."""
    place, settings = publication.folder.mixture, publication.settings
    stats = sorted(stats, key=lambda one: one.file)
    ledger = Ledger()
    for plan in plans:
        ledger.update(plan.ledger)
    if "webdataset" in settings.formats:
        energon.write_metadata(place, stats)
    licences = ledger_values(ledger)
    (place / LICENCES).write_text(json.dumps(licences, indent=1, ensure_ascii=False) + "\n")
    (place / CARD).write_text(
        render_card(settings, about.mix, about.sources, ledger, licences, stats, publication.made_with)
    )
    write_mixture_croissant(place, settings, licences, stats)
    write_manifest(place, settings.name, stats, publication.made_with)
    first = ENDINGS[settings.formats[0]]  # each format holds all
    return sum(one.samples for one in stats if one.file.endswith(first))
