"""Read a finished run folder into a :class:`RunSummary`.

Whole-run figures come from run.json and concepts.parquet. What needs a look into the shards (sources, languages,
examples) is read from a keyed sample of them when there are very many, and the page then says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.agreement.findings import GroupRow, by_type
from transforms.agreement.of_run import assigned_agreement
from transforms.balancing.certificate import read_certificate
from transforms.browsing.concepts import commonest_and_rarest, read_concept_counts
from transforms.browsing.found_images import Fetch, FoundImage, find_of_concepts, read_thumbnails
from transforms.browsing.rejects import read_left_out
from transforms.browsing.settings import RecordedSettings
from transforms.browsing.shards import list_annotated, require
from transforms.datasets import BASELINE_COUNTS, ShardName, read_table
from transforms.rejects import Reason
from transforms.reporting.breakdown import by_language, by_source, tally_shards
from transforms.reporting.certificate_rows import Certificate
from transforms.reporting.measure_table import measure_rows
from transforms.reporting.summary import (
    ConceptCounts,
    ConceptList,
    ConceptRow,
    RejectExample,
    RejectRow,
    RunSummary,
    StageRow,
)
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE, BALANCE, CHAIN, Stage, stage_named
from transforms.vocabulary_folder import read_concepts

#: A report needs these up to the last; a run may lack one between the first and the last, but none may be cut short.
_NEEDED = tuple(stage for stage in CHAIN[: CHAIN.index(BALANCE) + 1] if stage.is_of_images)

_MAX_TALLIED_SHARDS = 1024  # about 10 million rows: plenty for the shares of sources and languages
_MAX_EXAMPLE_SHARDS = 256  # read in search of example pictures, and of rejects of each stage
_CONCEPTS_SHOWN = 12  # commonest, and as many rarest
_PICTURES_PER_CONCEPT = 6
_CONCEPTS_LISTED = 100_000  # with their counts, on the page: about 4 MB of it
_EXAMPLES_PER_REASON = 3
_NOT_CHOSEN = (Reason.NOT_SELECTED, Reason.OUTSIDE_STRATA)


def gather(state: RunState, fetch: Fetch | None = None) -> RunSummary:
    """Everything that the report shows; raises RunFolderError naming the stage that the run still lacks.

    ``fetch`` reads the pictures; without it, their places stay empty.
    """
    check_finished(state)
    folder, settings = state.folder, RecordedSettings.of(state)
    concepts = read_concept_counts(state)
    before, random, after = (_counts(concepts, name) for name in ("count_before", "count_random", "count_after"))
    shards = list_annotated(folder)
    tallies = tally_shards(folder, shards[:_MAX_TALLIED_SHARDS])
    commonest, rarest = commonest_and_rarest(concepts, _CONCEPTS_SHOWN)
    wanted = [int(concepts["id"][row].as_py()) for row in (*commonest, *rarest)]
    least = settings.balance.min_similarity
    found = find_of_concepts(folder, shards[:_MAX_EXAMPLE_SHARDS], wanted, _PICTURES_PER_CONCEPT, least)
    examples = _with_thumbnails({concept: few.selected or few.dropped for concept, few in found.items()}, fetch)
    stages = tuple(StageRow(name, state.counts(name)) for name in _finished_stages(state))
    counts = ConceptCounts(before, random, after)
    return RunSummary(
        fingerprint=folder.fingerprint,
        code_version=state.values["code_version"],
        config=state.values["config"],
        method=settings.balance.method,
        raw=state.counts(ANNOTATE.name).rows_in,
        selected=state.counts(BALANCE.name).rows_out,
        stages=stages,
        concept_counts=counts,
        measures=measure_rows(counts),
        commonest=tuple(_concept_row(concepts, row, examples) for row in commonest),
        rarest=tuple(_concept_row(concepts, row, examples) for row in rarest),
        absent_concepts=int((before == 0).sum()),
        listed=_listed(concepts),
        sources=by_source(tallies, shards, {source.name: source.license for source in settings.sources}),
        languages=by_language(tallies, shards),
        rejects=_reject_rows(state, stages),
        shards=len(shards),
        tallied_shards=len(tallies),
        assigned=_assigned(state, shards[:_MAX_TALLIED_SHARDS], settings.balance.min_similarity),
        certificate=_certificate(folder, settings.balance.method, counts),
    )


def _assigned(state: RunState, shards: Sequence[ShardName], min_similarity: float) -> tuple[GroupRow, ...]:
    agreement = assigned_agreement(state, shards, min_similarity)
    return () if agreement is None else by_type(agreement, read_concepts(state.folder, ["type"])["type"].to_pylist())


def _certificate(folder: RunFolder, method: str, counts: ConceptCounts) -> Certificate | None:
    if not folder.certificate.exists():
        return None
    beside = read_table(folder.baselines, folder.fingerprint, BASELINE_COUNTS.names)
    formulas = {name.removeprefix("count_"): _counts(beside, name) for name in BASELINE_COUNTS.names[1:]}
    selections = {"random": counts.random, **formulas, f"this ({method})": counts.after}
    return Certificate.of(read_certificate(folder), counts.before, selections)


def check_finished(state: RunState) -> None:
    """Raises RunFolderError when a stage that the report needs is missing or was cut short."""
    for stage in _NEEDED:
        if stage in (_NEEDED[0], _NEEDED[-1]) or stage.name in state.values["stages"]:
            require(state, stage, "a report")


def _counts(concepts: pa.Table, column: str) -> NDArray[np.int64]:
    return np.asarray(concepts[column].to_numpy(), np.int64)


def _finished_stages(state: RunState) -> list[str]:
    """Done stages of the chain that handle images, in its order."""
    return [stage.name for stage in CHAIN if stage.is_of_images and state.is_done(stage.name)]


def _listed(concepts: pa.Table) -> ConceptList:
    """All of them, or as many as a page can bear: the commonest and the rarest."""
    rows = np.arange(len(concepts))
    if len(concepts) > _CONCEPTS_LISTED:
        rows = np.sort(np.concatenate(commonest_and_rarest(concepts, _CONCEPTS_LISTED // 2)).astype(np.int64))
    few = concepts.take(rows)
    names, langs = ([text or "" for text in few[name].to_pylist()] for name in ("name", "lang"))
    counts = ConceptCounts(*(_counts(few, name) for name in ("count_before", "count_random", "count_after")))
    return ConceptList(names, langs, counts, len(concepts))


def _with_thumbnails(
    found: Mapping[int, Sequence[FoundImage]], fetch: Fetch | None
) -> dict[int, tuple[FoundImage, ...]]:
    """All concepts at once: a picture that several hold is read once, and the pictures of a shard one after another."""
    images = iter(read_thumbnails([image for few in found.values() for image in few], fetch))
    return {concept: tuple(itertools.islice(images, len(few))) for concept, few in found.items()}


def _concept_row(concepts: pa.Table, row: int, examples: Mapping[int, tuple[FoundImage, ...]]) -> ConceptRow:
    values = concepts.slice(row, 1).to_pylist()[0]
    return ConceptRow(
        id=values["id"],
        name=values["name"] or "",
        lang=values["lang"] or "",
        before=values["count_before"],
        random=values["count_random"],
        after=values["count_after"],
        examples=examples.get(values["id"], ()),
    )


def _reject_rows(state: RunState, stages: Sequence[StageRow]) -> tuple[RejectRow, ...]:
    """By stage, the most frequent reason first. What balancing did not choose is no fault, and stands elsewhere."""
    rows = []
    for stage in stages:
        counts = {reason: n for reason, n in stage.counts.rejects.items() if n and reason not in _NOT_CHOSEN}
        examples = _reject_examples(state, stage_named(stage.name), counts)
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            rows.append(RejectRow(stage.name, reason, count, tuple(examples[reason])))
    return tuple(rows)


def _reject_examples(state: RunState, stage: Stage, counts: Mapping[str, int]) -> dict[str, list[RejectExample]]:
    """A few rejects of each reason, reading files only until they are found."""
    examples: dict[str, list[RejectExample]] = {reason: [] for reason in counts}
    tables = read_left_out(state, [stage]) if counts else iter(())
    for table in itertools.islice(tables, _MAX_EXAMPLE_SHARDS):
        missing = [reason for reason in counts if len(examples[reason]) < min(_EXAMPLES_PER_REASON, counts[reason])]
        if not missing:
            break
        for reason in missing:
            few = table.filter(pc.equal(table["reason"], reason)).slice(0, _EXAMPLES_PER_REASON - len(examples[reason]))
            for row in few.to_pylist():
                example = RejectExample(row["source"], row["shard"], row["key"] or "", row["detail"] or "")
                examples[reason].append(example)
    return examples
