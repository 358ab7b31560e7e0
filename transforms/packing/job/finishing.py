"""What makes the shards of all groups one set: metadata of the layout, the manifest, and last the description."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from transforms.exporting.manifest import write_manifest
from transforms.packing.job.groups import GroupOutcome, PackJob, load_chat
from transforms.packing.layouts.native_reader import LAYOUT_VERSION, PACKING_JSON
from transforms.packing.layouts.registry import LAYOUTS
from transforms.packing.plan.tally import PackTally


def finish_set(outcomes: Sequence[GroupOutcome], job: PackJob, tokenizer_fingerprint: str | None = None) -> None:
    """``outcomes`` of all groups, in any order; the tokenizer is loaded where its fingerprint is not given."""
    shards = [shard for outcome in outcomes for shard in outcome.shards]
    LAYOUTS[job.layout].write_beside(job.packed, shards)
    write_manifest(job.packed, job.shards.name, shards, job.folder.fingerprint)
    description: dict[str, Any] = {
        "layout": job.layout,
        "layout_version": LAYOUT_VERSION,
        "fingerprint": job.folder.fingerprint,
        "licenses": {name: source.license for name, source in sorted(job.sources.items())},
    }
    if tallies := [outcome.tally for outcome in outcomes if outcome.tally is not None]:
        description |= {
            "tokenizer": job.pack.tokenizer.rstrip("/").rpartition("/")[2],
            "tokenizer_fingerprint": tokenizer_fingerprint or load_chat(job.pack).fingerprint,
            "pack_tokens": job.pack.pack_tokens,
            "image_limits": list(job.pack.image_limits),
            "video_limits": list(job.pack.video_limits),
            "system_prompt": job.pack.system_prompt,
            "tally": PackTally.total(tallies).to_dict(),
        }
    (job.packed / PACKING_JSON).write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n")
