"""The agreement of a whole run, or of its first shards in an order that samples all sources.

A caption in a language without concepts can name none, and so says nothing of what was retrieved: its image counts as
one without a caption.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from transforms.agreement.tally import Agreement
from transforms.browsing.shards import read_each
from transforms.captions.run_matcher import run_matcher
from transforms.captions.settings import AssignSettings
from transforms.datasets import UNDETERMINED, ShardName
from transforms.errors import RunFolderError
from transforms.remaining import read_remaining
from transforms.run_folder import RunState
from transforms.stages import FIRST_AFTER_ANNOTATE
from transforms.vocabulary_folder import read_concepts, read_groups


def assigned_by(state: RunState) -> AssignSettings:
    """As run.json has it; of a run from before, images alone. Raises RunFolderError for what cannot be read."""
    recorded = (state.values["config"].get("retrieval") or {}).get("assign") or {}
    try:
        return AssignSettings.model_validate(recorded)
    except ValidationError as error:
        raise RunFolderError(f"{state.folder.run_json} does not hold how concepts were assigned: {error}") from None


def assigned_agreement(state: RunState, shards: Sequence[ShardName], min_similarity: float) -> Agreement | None:
    """By what annotations say themselves, of sources that images and captions gave concepts; None where there are none.

    What was not searched for, or not matched, would count as what the other has not found.
    """
    assigned = assigned_by(state)
    shards = [shard for shard in shards if assigned.of(shard.source) == "both"]
    if not shards:
        return None
    languages = read_concepts(state.folder, ["lang"])["lang"]
    n_concepts = len(languages)
    columns = ["caption", "lang", "concept_ids", "concept_scores", "concept_cosines"]
    groups = read_groups(state.folder)
    total = Agreement.zero(n_concepts, groups)

    def count(name: ShardName) -> Agreement:
        table = spoken(read_remaining(state.folder, name, FIRST_AFTER_ANNOTATE, columns), languages)
        return Agreement.of_assigned(table, n_concepts, min_similarity, groups)

    for one in read_each(count, shards):
        total += one
    return total


def agreement_of(state: RunState, shards: Sequence[ShardName], min_similarity: float) -> Agreement:
    """Of sources whose images were searched for. Raises RunFolderError where there are none, or no image has a caption
    that could name a concept."""
    folder, assigned = state.folder, assigned_by(state)
    shards = [shard for shard in shards if assigned.of(shard.source) != "caption"]
    if not shards:
        raise RunFolderError(
            f"{folder.root} takes concepts from captions alone (retrieval.assign), so nothing was retrieved that could "
            "be right or wrong. Check a run that assigns them by image or by both"
        )
    matcher = run_matcher(folder, assigned.matching)
    languages = read_concepts(folder, ["lang"])["lang"]
    n_concepts = len(languages)
    columns = ["caption", "lang", "concept_ids", "concept_scores"] + ["concept_cosines"] * assigned.takes_captions
    groups = read_groups(folder)
    total = Agreement.zero(n_concepts, groups)

    def read(name: ShardName) -> pa.Table:
        return spoken(read_remaining(folder, name, FIRST_AFTER_ANNOTATE, columns), languages)

    for table in read_each(read, shards):
        total += Agreement.of(table, matcher, n_concepts, min_similarity, groups)
    if not total.captioned:
        known = ", ".join(sorted(pc.unique(languages).to_pylist()))
        raise RunFolderError(
            f"{folder.root} has no captions in a language of its concepts ({known}), so nothing tells what its images "
            "hold beside retrieval"
        )
    return total


def spoken(table: pa.Table, languages: pa.ChunkedArray) -> pa.Table:
    """With the captions that are in one of ``languages``, or in none that was told; the others null."""
    can_name = pc.or_(pc.is_in(table["lang"], pc.unique(languages)), pc.equal(table["lang"], UNDETERMINED))
    captions = pc.if_else(pc.fill_null(can_name, True), table["caption"], None)
    return table.set_column(table.column_names.index("caption"), "caption", captions)
