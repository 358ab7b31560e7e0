"""A group of inputs from start to end: read, plan, write, and leave an outcome that says that it is whole."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from transforms.at_rest import FORMAT_VERSION, parsing, read_versioned_json, shaped
from transforms.datasets import write_rejects
from transforms.errors import InputError
from transforms.exporting.manifest import ShardStats
from transforms.packing.documents.chat import ChatTokenizer
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.documents.mixtures import read_mixture
from transforms.packing.documents.pairs import read_pairs
from transforms.packing.documents.records import read_records
from transforms.packing.inputs import InputGroup, PackInput
from transforms.packing.job.group_documents import GroupDocuments
from transforms.packing.job.input_digest import InputDigest
from transforms.packing.job.shard_writer import write_shards
from transforms.packing.layouts.ready import ready_packs
from transforms.packing.layouts.registry import LAYOUTS
from transforms.packing.plan.tally import PackTally
from transforms.packing.settings import PackSettings
from transforms.packing.sources import Layout, PackedShardSettings, PackSource, VideoSampling
from transforms.rejects import Counts, Reject, StoredCounts
from transforms.run_folder import RunFolder
from transforms.stages import PACK
from transforms.storage import StoragePath

RECORDS = ".groups"
_PACKS_PER_GROUP = 1_000_000  # numbers set aside for a group's packs, so that keys are unique in the set


@dataclass(frozen=True)
class PackJob:
    """What every worker knows of the job; small and picklable."""

    folder: RunFolder
    sources: Mapping[str, PackSource]
    pack: PackSettings
    video: VideoSampling
    layout: Layout
    shards: PackedShardSettings

    @property
    def packed(self) -> StoragePath:
        return self.folder.root / "packed"


@dataclass(frozen=True)
class GroupOutcome:
    """What came of a group. ``tally`` is None for the layout that is not packed; ``inputs``: digest of each, by
    :func:`input_name`."""

    group: int
    counts: Counts
    shards: tuple[ShardStats, ...]
    tally: PackTally | None
    inputs: Mapping[str, str]


def pack_group(group: InputGroup, job: PackJob) -> GroupOutcome:
    """Shards of one group, its rejects by input, and its outcome, last; at once done when that is there."""
    path = outcome_path(job, group.number)
    if path.is_file():
        return read_outcome(path, job.folder.fingerprint, group.number)
    rules = LAYOUTS[job.layout]
    chat = load_chat(job.pack) if rules.packed else None
    documents, digests = GroupDocuments(), {part: InputDigest() for part in group.inputs}
    for part, digest in digests.items():
        documents.gather(part, digest.taking(read_documents(part, job)), rules.fault, chat, job.pack)
    if chat is None:
        packs, tally = [[one] for one in documents.in_keyed_order(job.pack.seed)], None
    else:
        plan = documents.plan(job.pack)
        packs = [[documents.located[row] for row in rows.tolist()] for rows in plan.members()]
        tally = PackTally.of(documents.num_tokens, documents.num_patches, plan, job.pack.pack_tokens)
    ready = ready_packs(_keyed_packs(group.number, packs), chat, job.shards.read_threads)
    shards = write_shards(job.packed, job.shards.name, group.number, ready, rules, job.shards.max_shard_bytes)
    for part, rejects in documents.rejects.items():
        write_rejects(job.folder.rejects(PACK.name, part.source, part.name), part.name, rejects, job.folder.fingerprint)
    rejected = [reject for rejects in documents.rejects.values() for reject in rejects]
    counts = Counts(documents.rows_in, documents.rows_out, Counts.of(0, rejected).rejects)
    inputs = {input_name(part): digest.hexdigest() for part, digest in digests.items()}
    outcome = GroupOutcome(group.number, counts, tuple(shards), tally, inputs)
    path.write_text(json.dumps(_outcome_values(outcome, job.folder.fingerprint)))
    return outcome


def input_name(part: PackInput) -> str:
    """Unique among the inputs of a job."""
    return f"{part.source}/{part.name}"


def read_documents(part: PackInput, job: PackJob) -> Iterator[LocatedDocument | Reject]:
    """Every document of an input, or why it is none, in order."""
    source = job.sources[part.source]
    match source.format:
        case "webdataset":
            return read_pairs(part, source)
        case "conversations":
            return read_records(part, source, job.video)
        case "mixture":
            return read_mixture(part, source, job.video)


@functools.lru_cache(maxsize=1)
def load_chat(pack: PackSettings) -> ChatTokenizer:
    """Once a worker; raises InputError for a tokenizer that cannot write the chat template."""
    return ChatTokenizer.of(pack)


def _keyed_packs(
    group: int, packs: Sequence[Sequence[LocatedDocument]]
) -> Iterator[tuple[str, Sequence[LocatedDocument]]]:
    if len(packs) > _PACKS_PER_GROUP:
        raise InputError(
            f"group {group} fills {len(packs):,} packs, at most {_PACKS_PER_GROUP:,} are numbered. Lower "
            "pack.group_shards."
        )
    for number, documents in enumerate(packs):
        yield f"ps_{group * _PACKS_PER_GROUP + number:08d}", documents


def outcome_path(job: PackJob, group: int) -> StoragePath:
    return job.packed / RECORDS / f"{group:06d}.json"


def _outcome_values(outcome: GroupOutcome, fingerprint: str) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "fingerprint": fingerprint,
        "counts": outcome.counts.to_dict(),
        "shards": [asdict(shard) for shard in outcome.shards],
        "tally": None if outcome.tally is None else outcome.tally.to_dict(),
        "inputs": dict(outcome.inputs),
    }


@dataclass(frozen=True)
class _StoredRecord:
    """The shape of an outcome at rest, but for what the tally holds."""

    counts: StoredCounts
    shards: tuple[ShardStats, ...]
    tally: dict[str, Any] | None
    inputs: dict[str, str]


def read_outcome(path: StoragePath, fingerprint: str, group: int) -> GroupOutcome:
    """Raises RunFolderError for an outcome that is damaged, of other settings or of another format version."""
    stored = shaped(path, read_versioned_json(path, fingerprint), _StoredRecord)
    with parsing(path):
        tally = None if stored.tally is None else PackTally.from_dict(stored.tally)
    return GroupOutcome(group, stored.counts, stored.shards, tally, stored.inputs)
