"""The stages, each declared once. Their order, what one hands to the next, and how each is told follow from here.

A stage of ``evenweave build`` runs in the job of its name (``pipelines/<name>.py``) and has a command of its name; one
of ``evenweave instruct`` runs in ``pipelines/instruct/<name>.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

REJECTS = "rejects"  # in it, a folder a stage
JOINED = "joined"  # rows that have taken the turns of others
EDITS, FACTS = "edits", "facts"  # the same, of instruction rows: texts written over others, and what was found out
MADE = "made"  # the same, rows that the sources do not hold
COUNTS_ENDING = "-counts.json"  # of .<stage>-counts.json, where a Beam job leaves its counts for the driver


@dataclass(frozen=True)
class Stage:
    """What is known of a stage without running it."""

    name: str
    counts: Literal["concepts", "images", "copies", "documents", "rows"]  # what one row in its counts is
    writes: tuple[str, ...]  # its files and folders at the top of the run folder, beside its own in rejects/
    may_write: tuple[str, ...] = ()  # the same, of what only some settings ask for
    each_shard: str | None = None  # which of these holds a Parquet file of each input shard
    with_manifest: str | None = None  # which of these holds shards and the manifest of them
    # the stage whose rows it takes in; None: what stands outside the run folder. In a run that orders its stages itself
    # this is whichever comes before it, and the stage is the same.
    takes: str | None = field(default=None, compare=False)
    leaves: str | None = None  # what a row that leaves it is called in the report; None: it is not told apart there
    rejects_are_bounded: bool = False  # by max_reject_share; elsewhere any share may be rejected
    selects: bool = False  # what it leaves out was not chosen, and is no reject
    may_be_off: bool = False  # by its settings; the next stage then takes from the one before it
    needs: tuple[str, ...] = ()  # stages of its chain without which, before it, it cannot run
    not_after: tuple[str, ...] = ()  # stages of its chain that would have seen too much, or too little, without it
    followed_by: tuple[str, ...] = ()  # stages of its chain that have to look at what it wrote
    by_default: bool = True  # whether a chain runs it whose settings name no stages
    makes_rows: bool = False  # beside those that it takes in; they stand in a folder of its own in made/
    not_before: tuple[str, ...] = ()  # stages of its chain whose work it would spoil, or would have to do again

    @property
    def is_of_images(self) -> bool:
        """Whether it handles the images of the corpus, and so has a row in the report."""
        return self.counts in ("images", "copies")

    def takes_all_of(self, giver: Stage) -> bool:
        """Whether as many rows come in as left ``giver``, whose rows it takes in."""
        return self.counts == giver.counts


VOCABULARY = Stage("vocabulary", counts="concepts", writes=("vocabulary",))
ANNOTATE = Stage(
    "annotate",
    counts="images",
    writes=("annotations",),
    may_write=("embeddings",),
    each_shard="annotations",
    leaves="annotated",
    rejects_are_bounded=True,
)
FILTER = Stage("filter", counts="images", writes=(), takes=ANNOTATE.name, leaves="kept by the rules", may_be_off=True)
DEDUPLICATE = Stage("deduplicate", counts="images", writes=(), takes=FILTER.name, leaves="distinct")
BALANCE = Stage(
    "balance",
    counts="images",
    writes=("selection", "concepts.parquet", "balance"),
    each_shard="selection",
    takes=DEDUPLICATE.name,
    leaves="selected",
    selects=True,
)
EXPORT = Stage(
    "export",
    counts="copies",
    writes=(),
    may_write=("shards", "index"),  # either
    with_manifest="shards",
    takes=BALANCE.name,
)

#: The flow of ``evenweave build``, in order.
CHAIN = (VOCABULARY, ANNOTATE, FILTER, DEDUPLICATE, BALANCE, EXPORT)

#: Runs alone, into a run folder of its own.
PACK = Stage("pack", counts="documents", writes=("packed",), with_manifest="packed", rejects_are_bounded=True)

#: Sources of instructions → rows of one schema, which all that follows reads.
STANDARDISE = Stage(
    "standardise", counts="rows", writes=("rows",), each_shard="rows", leaves="standardised", rejects_are_bounded=True
)


def _of_rows(
    name: str,
    leaves: str,
    needs: tuple[str, ...] = (),
    not_after: tuple[str, ...] = (),
    writes: tuple[str, ...] = (),
    followed_by: tuple[str, ...] = (),
    by_default: bool = True,
    not_before: tuple[str, ...] = (),
    makes_rows: bool = False,
) -> Stage:
    """One that says of rows what it found out, and what is to stand in place of their texts; it may make rows."""
    facts = f"{FACTS}/{name}"
    return Stage(
        name,
        counts="rows",
        writes=(facts, *writes),
        may_write=(f"{EDITS}/{name}", *((f"{MADE}/{name}",) if makes_rows else ())),
        each_shard=facts,
        leaves=leaves,
        may_be_off=True,
        needs=needs,
        not_after=not_after,
        followed_by=followed_by,
        by_default=by_default,
        not_before=not_before,
        makes_rows=makes_rows,
    )


VALIDATE = _of_rows("validate", "valid", not_after=("answers", "duplicates"))
ANSWERS = _of_rows("answers", "with answers in one form", not_after=("duplicates",))
DUPLICATES = replace(_of_rows("duplicates", "distinct"), may_write=(f"{EDITS}/duplicates", JOINED))
SPLIT = _of_rows("split", "split", needs=(DUPLICATES.name,))
DECONTAMINATE = _of_rows("decontaminate", "unlike the benchmarks", writes=("decontamination",))
CATEGORISE = _of_rows("categorise", "with a category")

#: The gates once more: of what a model wrote.
_AGAIN = ("safety_again", "duplicates_again", "decontaminate_again")


def _asking(name: str, leaves: str, not_after: tuple[str, ...] = (), followed_by: tuple[str, ...] = ()) -> Stage:
    """One that shows rows to a model, maybe on somebody else's server."""
    return _of_rows(name, leaves, ("safety",), not_after, followed_by=followed_by, by_default=False)


#: Before anything is paid for: only what the mixture may draw goes on.
PRESELECT = _of_rows("preselect", "pre-selected", writes=("preselect",), by_default=False)
GUARD = _asking("guard", "let pass by the guard")
_LOOKERS = ("rate", "blind", "guard_again", *_AGAIN)  # that judge texts as they will be
REWRITE = _asking("rewrite", "rewritten", not_after=("translate", *_LOOKERS), followed_by=_AGAIN)
TRANSLATE = replace(
    _asking("translate", "in two languages", not_after=_LOOKERS, followed_by=_AGAIN),
    makes_rows=True,  # twins
    may_write=(f"{EDITS}/translate", f"{MADE}/translate"),
)
GUARD_AGAIN = _asking("guard_again", "let pass by the guard once more")
SAFETY_AGAIN = _of_rows("safety_again", "safe once more", needs=("safety",), by_default=False)
DUPLICATES_AGAIN = _of_rows("duplicates_again", "distinct once more", needs=("duplicates", "split"), by_default=False)
DECONTAMINATE_AGAIN = _of_rows(
    "decontaminate_again", "unlike the benchmarks once more", needs=("decontaminate",), by_default=False
)
RATE = _asking("rate", "rated")
BLIND = _asking("blind", "asked without their pictures")

#: Those that show rows to a model.
ASKING = (GUARD, REWRITE, TRANSLATE, GUARD_AGAIN, RATE, BLIND)
#: Those that put what a model wrote in the place of a text.
WRITING = (REWRITE, TRANSLATE)
#: First of all: personal data is to reach neither a later stage nor somebody else's server.
SAFETY = _of_rows(
    "safety",
    "safe",
    not_after=tuple(
        stage.name for stage in (VALIDATE, ANSWERS, DUPLICATES, SPLIT, DECONTAMINATE, CATEGORISE, PRESELECT, *ASKING)
    ),
)
#: The gates that stand twice, by the name of their second time.
AGAIN = {f"{first.name}_again": first for first in (SAFETY, DUPLICATES, DECONTAMINATE, GUARD)}

_JUDGED = (
    *(stage.name for stage in (SAFETY, VALIDATE, ANSWERS, DUPLICATES, SPLIT, DECONTAMINATE, CATEGORISE, *ASKING)),
    *AGAIN,
)
#: Made of rows that have passed all gates and are of one split.
COMPOSE = _of_rows("compose", "with rows of several images", not_before=_JUDGED, makes_rows=True)
#: Texts that are compared and judged are those of the sources, and not those of templates.
TEMPLATES = _of_rows(
    "templates",
    "with instructions",
    writes=("templates",),
    not_before=(*_JUDGED, COMPOSE.name),
)
MIX = Stage("mix", counts="rows", writes=("drawn", "mix"), each_shard="drawn", leaves="mixed", selects=True)
PUBLISH = Stage("publish", counts="copies", writes=("mixture",), with_manifest="mixture")

#: The flow of ``evenweave instruct``, in the order that is safe. The settings may leave out what may be off, and order
#: the others as their ``needs`` and ``not_after`` allow.
INSTRUCT_CHAIN = (
    STANDARDISE, SAFETY, VALIDATE, ANSWERS, DUPLICATES, SPLIT, DECONTAMINATE, CATEGORISE,
    PRESELECT, GUARD, REWRITE, TRANSLATE, GUARD_AGAIN, SAFETY_AGAIN, DUPLICATES_AGAIN, DECONTAMINATE_AGAIN, RATE, BLIND,
    COMPOSE, TEMPLATES,
    MIX, PUBLISH,
)  # fmt: skip
#: What of it runs where the settings name no stages: nothing that asks a model.
INSTRUCT_DEFAULT = tuple(stage for stage in INSTRUCT_CHAIN if stage.by_default)

#: What one command makes in one run folder, each in its order.
CHAINS = (CHAIN, (PACK,), INSTRUCT_CHAIN)
STAGES = tuple(stage for chain in CHAINS for stage in chain)

_BY_NAME = {stage.name: stage for stage in STAGES}


def stage_named(name: str) -> Stage:
    return _BY_NAME[name]


def giver_to(stage: Stage, is_done: Callable[[str], bool]) -> Stage | None:
    """The stage whose rows ``stage`` takes in: one that is off hands on what it would have taken itself."""
    giver = None if stage.takes is None else stage_named(stage.takes)
    if giver is not None and giver.may_be_off and not is_done(giver.name):
        return giver_to(giver, is_done)
    return giver


def from_on(stage: Stage) -> tuple[Stage, ...]:
    """``stage`` and those that come after it."""
    chain = next(one for one in CHAINS if stage in one)
    return chain[chain.index(stage) :]


def writer_of(relative: str) -> str | None:
    """The stage that wrote a file, named from the top of the run folder; None where no stage writes there."""
    first, _, rest = relative.partition("/")
    if first == REJECTS:
        return rest.partition("/")[0]
    if first.startswith(".") and first.endswith(COUNTS_ENDING):
        return first[1:].removesuffix(COUNTS_ENDING)
    owners = {folder: stage.name for stage in STAGES for folder in stage.writes + stage.may_write}
    return owners.get(first) or owners.get(f"{first}/{rest.partition('/')[0]}")


def rejecting_before(stage: Stage) -> tuple[Stage, ...]:
    """The stages after annotate whose rejects ``stage`` does not see any more, though their annotations still stand."""
    earlier = CHAIN[CHAIN.index(ANNOTATE) + 1 : CHAIN.index(stage)]
    return tuple(other for other in earlier if not other.selects)


#: Reads every row that was annotated, since no stage has rejected any before it.
FIRST_AFTER_ANNOTATE = CHAIN[CHAIN.index(ANNOTATE) + 1]
