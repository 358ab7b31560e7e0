"""evenweave instruct --plan: what the stages that ask will take, before anything is asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from pipelines.instruct.asked_job import server_of
from pipelines.instruct.run import InstructRun
from transforms.instruct.asking.planning import Plan, estimate
from transforms.instruct.asking.section import AskedStage
from transforms.instruct.asking.spending import Price, check_prices, read_prices
from transforms.instruct.chain.part_files import read_rows
from transforms.instruct.guarding.guarding import GuardStage
from transforms.instruct.rating.blind import BlindStage
from transforms.instruct.rating.rating import RatingStage
from transforms.instruct.rewording.rewriting import Rewriting
from transforms.instruct.rewording.translating import OTHER, Translating
from transforms.instruct.rows import Row
from transforms.keyed import hash64
from transforms.stages import ASKING, BLIND, GUARD, GUARD_AGAIN, RATE, REWRITE, TRANSLATE, WRITING, Stage

SAMPLE_ROWS = 200
_PARTS_READ = 20  # at most: spread over all


def first_asking(run: InstructRun) -> Stage | None:
    """The first stage of the run that asks a model."""
    return next((stage for stage in run.stages() if stage.name in {one.name for one in ASKING}), None)


def plan(run: InstructRun, rows: int) -> list[Plan]:
    """Of ``rows`` that come to the first stage that asks, estimated from 200 of them as they stand before it."""
    first = first_asking(run)
    if first is None:
        return []
    sample = _sample(run, first)
    prices = {} if run.settings.asking.prices is None else read_prices(run.settings.asking.prices)
    found, written = [], set[str]()
    for stage in ASKING:
        if stage.name not in run.settings.stages:
            continue
        server = server_of(run, stage)
        if run.settings.asking.prices is not None:
            check_prices(run.settings.asking.prices, prices, server.model)
        rows_of = [row for row in sample if row.key in written] if stage is GUARD_AGAIN else sample
        share = _share(run, sample) if stage is TRANSLATE else 1.0
        asked = _asked(run, stage, sample)
        if stage in WRITING:
            taken = _asked(run, stage, sample, share)
            written |= {row.key for row in sample if any(taken.requests([row]))}
        found.append(_of(stage, asked, rows_of, sample, rows, share, prices.get(server.model)))
    return found


def say(run: InstructRun, plans: Sequence[Plan]) -> None:
    table = Table(f"estimated from {SAMPLE_ROWS} rows", title_justify="left")
    for name in ("requests", "tokens sent", "tokens of replies", "tokens at most", "money", "money at most"):
        table.add_column(name, justify="right")
    for one in plans:
        money = one.money
        cells = (f"{one.requests:,}", f"{one.likely.prompt_tokens:,}", f"{one.likely.reply_tokens:,}")
        costs = ("–", "–") if money is None else (f"{money[0]:,.2f}", f"{money[1]:,.2f}")
        table.add_row(Text(f"{one.stage} ({one.model})"), *cells, f"{one.most.tokens:,}", *costs)
    run.console.print(table)


def _of(
    stage: Stage,
    asked: AskedStage,
    rows_of: Sequence[Row],
    sample: Sequence[Row],
    rows: int,
    share: float,
    price: Price | None,
) -> Plan:
    return estimate(stage.name, list(asked.requests(rows_of)), sample, rows, stage in WRITING, price, share)


def _asked(run: InstructRun, stage: Stage, sample: Sequence[Row], share: float = 1.0) -> AskedStage:
    """``share``: of the rows that could be translated, those that are."""
    settings, server, seed = run.settings, server_of(run, stage), run.settings.seed
    if stage is REWRITE:
        return Rewriting(settings.rewrite, server, seed)
    if stage is TRANSLATE:
        return Translating(settings.translate, server, seed, {_source(run, sample): int(share * 2**64)})
    if stage is RATE:
        return RatingStage(settings.rate, server)
    if stage is BLIND:
        return BlindStage(settings.blind, server)
    assert stage in (GUARD, GUARD_AGAIN)
    return GuardStage(settings.guard, server)


def _source(run: InstructRun, sample: Sequence[Row]) -> str:
    """The language that there is too much of."""
    return "en" if _missing(run, sample) >= 0 else "zh"


def _missing(run: InstructRun, sample: Sequence[Row]) -> float:
    """Chinese rows that the sample lacks."""
    counts = {language: sum(row.language == language for row in sample) for language in OTHER}
    return run.settings.translate.zh_share * sum(counts.values()) - counts["zh"]


def _share(run: InstructRun, sample: Sequence[Row]) -> float:
    """Of the rows of the language that there is too much of, those that are translated."""
    source = _source(run, sample)
    return abs(_missing(run, sample)) / max(sum(row.language == source for row in sample), 1)


def _sample(run: InstructRun, stage: Stage) -> list[Row]:
    """Spread over parts and rows, by keyed numbers."""
    names = sorted(run.part_names, key=lambda name: hash64(run.settings.seed, "plan", *name))[:_PARTS_READ]

    def rows() -> Iterator[list[Row]]:
        for name in names:
            found = read_rows(run.folder, name, stage.name)
            yield sorted(found, key=lambda row: hash64(run.settings.seed, "plan", row.key))[:SAMPLE_ROWS]

    taken = [row for row in itertools.chain.from_iterable(itertools.zip_longest(*rows())) if row is not None]
    return taken[:SAMPLE_ROWS]
