"""What each pass does with one shard: read the few columns it needs, and reduce them to counts or histograms.

Weights and ranks are computed anew in each pass, so that nothing of the size of the corpus is written between passes.

Shape legend: N rows, K concepts an image, V concepts, S strata, G groups with a size each, B bins.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms import keyed
from transforms.balancing import order_sampling
from transforms.balancing.baselines import Baselines
from transforms.balancing.cells import Cells
from transforms.balancing.concept_ids import Ids, concept_hits, drop_below, look_up
from transforms.balancing.even.response import ResponseTally
from transforms.balancing.even.sample import PrioritySample, WeighedSample, safe_bound
from transforms.balancing.exchange import Candidates as ExchangeRows
from transforms.balancing.exchange import Exchange, Offers, Shortage
from transforms.balancing.hits import Hits
from transforms.balancing.methods import METHODS
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.order_sampling import Boundary, Candidates, Cut, RankTally
from transforms.balancing.outlook import Outlook
from transforms.balancing.profile import Profile, caption_lengths
from transforms.balancing.sampling import N_BINS, Expectation, Floats, Ints, bin_hits
from transforms.balancing.selection_tally import SelectionTally
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import ALL, Strata
from transforms.balancing.tally import CorpusTally, DrawTally, ExpectedTally, KeyedSample
from transforms.balancing.target import NO_TARGET, Target
from transforms.datasets import SELECTION, ShardName, list_matrix, read_metadata, write_table
from transforms.rejects import Counts, Reason
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import BALANCE
from transforms.vocabulary_folder import read_concepts

_SAMPLE_PURPOSE = "balance sample"


class RowReader(ABC):
    """Annotations that are to be balanced, as arrays, wherever they lie."""

    settings: BalanceSettings

    @abstractmethod
    def read_columns(self, name: ShardName, columns: Sequence[str]) -> pa.Table:
        """These of one shard."""

    def read(self, name: ShardName, *columns: str) -> pa.Table:
        """``columns`` and whatever concepts and strata need, of the rows that are to be balanced."""
        wanted = ["concept_ids", *columns]
        if self.settings.min_similarity > 0:
            wanted.append("concept_scores")
        if Cells.of(self.settings).are_by_lang:
            wanted.append("lang")
        return self.read_columns(name, list(dict.fromkeys(wanted)))

    def concepts(self, table: pa.Table) -> Ids:
        """(N, K) ids, -1 where there is none or it is too dissimilar."""
        ids: Ids = list_matrix(table["concept_ids"])
        if self.settings.min_similarity > 0:
            ids = drop_below(ids, list_matrix(table["concept_scores"]), self.settings.min_similarity)
        return ids

    def target(self, n_concepts: int) -> Target:
        """What the settings ask of V concepts; raises ConfigError for a concept or type that is not there."""
        even = self.settings.even
        if self.settings.method != "even" or not even.asks_of_concepts:
            return NO_TARGET
        names, types = self.concepts_told(n_concepts)
        return Target.of(even, names, types)

    @abstractmethod
    def concepts_told(self, n_concepts: int) -> tuple[Sequence[str], Sequence[str | None]]:
        """(V,) names and types of concepts, read only where the settings ask something of them."""

    def cells(self, name: ShardName, table: pa.Table) -> Ints:
        """(N,) index of each row's cell."""
        cells = Cells.of(self.settings)
        return cells.indices(name.source, table["lang"] if cells.are_by_lang else None, len(table))

    def strata(self, name: ShardName, table: pa.Table) -> Ints:
        """(N,) index of each row's stratum."""
        cells = Cells.of(self.settings)
        return cells.strata_of(name.source, table["lang"] if cells.are_by_lang else None, len(table))

    def rows_by_stratum(self, name: ShardName, table: pa.Table) -> Counter[str]:
        """Rows by the name of their stratum, those that the settings do not name among them."""
        by = self.settings.strata.by if self.settings.strata else None
        if by != "lang":
            return +Counter({name.source if by == "source" else ALL: len(table)})  # + leaves out what is 0
        return Counter({str(item["values"]): item["counts"] for item in pc.value_counts(table["lang"]).to_pylist()})


@dataclass(frozen=True)
class ShardReader(RowReader):
    """Those of a run folder that the stages before left."""

    folder: RunFolder
    settings: BalanceSettings

    def read_columns(self, name: ShardName, columns: Sequence[str]) -> pa.Table:
        return read_remaining(self.folder, name, BALANCE, columns)

    def concepts_told(self, n_concepts: int) -> tuple[Sequence[str], Sequence[str | None]]:  # noqa: ARG002
        concepts = read_concepts(self.folder, ["name", "type"])
        return concepts["name"].to_pylist(), concepts["type"].to_pylist()


def count(name: ShardName, reader: RowReader, n_concepts: int, rows: int | None = None) -> CorpusTally:
    """Pass 1: images of each concept, rows of each stratum, and the shard's share of the sample that weights are
    fitted on. ``rows``: those of all shards, where they are known."""
    settings = reader.settings
    sample = KeyedSample.of_rows(METHODS[settings.method].plain_rows(settings), rows)
    table = reader.read(name, *(["sample_id"] if sample.limit else []))
    ids = reader.concepts(table)
    if sample.limit:
        sample.add(keyed.mix64(table["sample_id"].to_numpy(), settings.seed, _SAMPLE_PURPOSE), ids)
    counts = inside = concept_hits(ids, n_concepts).to_add()
    if settings.strata is not None:
        inside = concept_hits(ids[_is_inside(settings, reader.cells(name, table))], n_concepts).to_add()
    return CorpusTally(len(table), counts, inside, reader.rows_by_stratum(name, table), sample, ids.shape[1])


def _is_inside(settings: BalanceSettings, cells: Ints) -> NDArray[np.bool_]:
    """(N,) whether a row lies in a stratum that gives any images."""
    known = Cells.of(settings)
    inside: NDArray[np.bool_] = np.array(known.strata.sizes)[known.stratum][cells] > 0
    return inside


def sample_bound(tally: CorpusTally, settings: BalanceSettings) -> float:
    """The highest priority that the sample which sees rare concepts whole can need, all but surely."""
    inside = int(tally.count_inside.sum()) / max(int(tally.count_before.sum()), 1)
    plain = WeighedSample.plain(tally.sample.images(), round(tally.rows * inside)) if tally.rows else None
    return safe_bound(settings.max_sample_rows, tally.count_inside, plain, tally.concepts_per_image)


def sample_missed(name: ShardName, reader: RowReader, tally: CorpusTally, is_enough: bool) -> PrioritySample:
    """The sample anew and without a bound, read only where the bound was too low."""
    if is_enough:
        return PrioritySample.zero(reader.settings.max_sample_rows, len(Cells.of(reader.settings)))
    return sample_rare(name, reader, tally)


def sample_rare(name: ShardName, reader: RowReader, tally: CorpusTally, bound: float = math.inf) -> PrioritySample:
    """Pass 2, where the method asks for it: the shard's share of the sample that sees rare concepts whole."""
    settings = reader.settings
    sample = PrioritySample.zero(settings.max_sample_rows, len(Cells.of(settings)), bound)
    table = reader.read(name, "sample_id")
    ids, cells, sample_ids = reader.concepts(table), reader.cells(name, table), table["sample_id"].to_numpy()
    inside = _is_inside(settings, cells)
    if not inside.all():
        ids, cells, sample_ids = ids[inside], cells[inside], sample_ids[inside]
    uniform = keyed.uniform(settings.seed, _SAMPLE_PURPOSE, sample_ids)
    sample.add(uniform, sample_ids, cells, ids, tally.count_inside)
    return sample


def expect(name: ShardName, reader: RowReader, weighting: Weighting) -> ResponseTally:
    """A correcting pass: what the weights let the rows of a shard expect. Where none can correct, nothing is read."""
    nothing = ResponseTally(len(weighting.takes_part), Cells.of(reader.settings).stratum)
    if weighting.is_final:
        return nothing
    ids, cells = _concepts_and_cells(name, reader)
    log_odds = weighting.log_odds(ids, cells)
    log_odds[~_is_inside(reader.settings, cells)] = -np.inf
    return nothing.of_rows(ids, cells, log_odds, reader.settings.max_copies)


def weigh(name: ShardName, reader: RowReader, weighting: Weighting, baselines: Baselines) -> Hits:
    """Of the histograms of weights, (…, B): of the method, a row a group, and of the baselines."""
    ids, cells = _concepts_and_cells(name, reader)
    groups, weight_bins = weighting.place(ids, cells)
    own = bin_hits(weight_bins, groups, weighting.n_groups(reader.settings))
    return Hits.joined([own, *baselines.weigh(ids, Cells.of(reader.settings).stratum[cells])])


def _concepts_and_cells(name: ShardName, reader: RowReader) -> tuple[Ids, Ints]:
    table = reader.read(name)
    return reader.concepts(table), reader.cells(name, table)


@dataclass(frozen=True)
class _RankedRows:
    """The rows of a shard with their bins of weight and their ranks."""

    table: pa.Table
    ids: Ids
    sample_ids: NDArray[np.uint64]
    cells: Ints
    groups: Ints
    weight_bins: Ints
    rank: Floats


def _ranked_rows(
    name: ShardName, reader: RowReader, weighting: Weighting, expectation: Expectation, columns: tuple[str, ...] = ()
) -> _RankedRows:
    table = reader.read(name, "sample_id", *columns)
    ids, cells = reader.concepts(table), reader.cells(name, table)
    sample_ids = table["sample_id"].to_numpy()
    groups, weight_bins = weighting.place(ids, cells)
    rank = order_sampling.ranks(sample_ids, weight_bins, groups, expectation, reader.settings.seed)
    return _RankedRows(table, ids, sample_ids, cells, groups, weight_bins, rank)


def rank(name: ShardName, reader: RowReader, weighting: Weighting, expectation: Expectation) -> RankTally:
    """The histogram of ranks, and the ranks near the cut."""
    rows = _ranked_rows(name, reader, weighting, expectation)
    window = order_sampling.windows(expectation)
    return order_sampling.tally_ranks(rows.rank, rows.sample_ids, rows.groups, window, reader.settings.seed)


def collect_missed_candidates(
    name: ShardName, reader: RowReader, weighting: Weighting, expectation: Expectation, boundary: Boundary
) -> list[Candidates]:
    """The ranks at the cut, read only where the pass before did not collect them."""
    if boundary.is_known:
        return []
    rows = _ranked_rows(name, reader, weighting, expectation)
    window = boundary.missing
    return [order_sampling.candidates(rows.rank, rows.sample_ids, rows.groups, window, reader.settings.seed)]


@dataclass(frozen=True)
class Drawn:
    """How the cut falls: what every shard needs to know its copies."""

    expectation: Expectation
    cut: Cut

    def copies(self, rows: _RankedRows, seed: int) -> tuple[Ints, NDArray[np.bool_]]:
        """(N,) copies of each row, and whether its rank won it one of them."""
        won = self.cut.wins(rows.rank, rows.sample_ids, rows.groups, seed)
        return self.expectation.certain.ravel()[rows.groups * N_BINS + rows.weight_bins] + won.astype(np.int64), won


def draw(name: ShardName, reader: RowReader, weighting: Weighting, expectation: Expectation, cut: Cut) -> DrawTally:
    """What the cut draws of each concept, and what could be expected of it."""
    rows = _ranked_rows(name, reader, weighting, expectation)
    copies, _ = Drawn(expectation, cut).copies(rows, reader.settings.seed)
    n_concepts = len(weighting.takes_part)
    expected = expectation.expected[rows.groups, rows.weight_bins]
    drawn = concept_hits(rows.ids, n_concepts, copies).to_add()
    n_cells = len(Cells.of(reader.settings))
    return DrawTally(drawn, ExpectedTally.of(rows.ids, rows.cells, expected, n_concepts, n_cells))


def seek_exchanges(
    name: ShardName,
    reader: RowReader,
    weighting: Weighting,
    expectation: Expectation,
    cut: Cut,
    shortage: Shortage,
) -> Offers:
    """The rows that may change places, read only where a concept is short of its floor."""
    offers = Offers.zero(shortage)
    if not shortage.missing.any():
        return offers
    settings = reader.settings
    rows = _ranked_rows(name, reader, weighting, expectation)
    copies, won = Drawn(expectation, cut).copies(rows, settings.seed)
    takes = np.array(weighting.group_sizes(settings))[rows.groups] > 0
    candidates = ExchangeRows(rows.sample_ids, rows.groups, rows.rank, rows.ids)
    leaving = candidates._replace(rank=np.where(won, rows.rank, -1.0 - rows.weight_bins))
    is_sought = look_up(shortage.sought, rows.ids, 0).any(axis=1)
    more = np.where(takes & is_sought, settings.max_copies - copies, 0)
    offers.add(candidates.take(np.repeat(np.arange(len(copies)), more)), leaving.take(np.flatnonzero(copies > 0)))
    return offers


def select(
    name: ShardName,
    reader: ShardReader,
    weighting: Weighting,
    expectation: Expectation,
    cut: Cut,
    outlook: Outlook,
    exchange: Exchange,
    baselines: Baselines,
) -> SelectionTally:
    """The last pass: write the shard's selection, unless it stands there already, and count what it holds.

    Beside it are counted the baselines of every report, and the scores that bound any selection.
    """
    settings, folder = reader.settings, reader.folder
    chosen = choose(name, reader, weighting, expectation, cut, exchange, ("key", "caption"))
    path, rows = folder.selection(*name), chosen.rows
    if path.exists():
        read_metadata(path, folder.fingerprint)
    else:
        columns = [chosen.table["key"], pa.array([name.shard] * len(chosen.table), pa.string())]
        kept = chosen.copies[chosen.copies > 0].astype(np.int32)
        selection = pa.table([*columns, kept, chosen.expected], schema=SELECTION)
        write_table(path, selection, folder.fingerprint, chosen.counts)
    bare = rows.ids.max(axis=1, initial=-1) < 0
    strata, n_concepts = Cells.of(settings).stratum[rows.cells], len(weighting.takes_part)
    beside = baselines.copies(rows.ids, rows.sample_ids, strata, settings.seed)
    every = np.ones(len(bare), np.int64)
    lengths, n_strata = caption_lengths(rows.table["caption"]), len(Strata.of(settings).names)
    profile = Profile.of([every, *beside, chosen.copies], rows.ids, lengths, strata, n_strata, outlook.ends)
    return SelectionTally(
        chosen.counts,
        int(chosen.copies.sum()),
        int(bare.sum()),
        int(chosen.copies[bare].sum()),
        concept_hits(rows.ids, n_concepts, chosen.copies).to_add(),
        np.bincount(rows.groups, chosen.copies, weighting.n_groups(settings)).astype(np.int64),
        Hits.stacked([concept_hits(rows.ids, n_concepts, one) for one in beside]).to_add(),
        outlook.scores(rows.ids, rows.groups),
        profile,
    )


@dataclass(frozen=True)
class ChosenRows:
    """What was chosen of a shard, n of its N rows, in their order."""

    counts: Counts
    rows: _RankedRows
    copies: Ints  # (N,)
    table: pa.Table  # (n,)
    expected: Floats  # (n,) expected copies


def choose(
    name: ShardName,
    reader: RowReader,
    weighting: Weighting,
    expectation: Expectation,
    cut: Cut,
    exchange: Exchange,
    columns: tuple[str, ...],
) -> ChosenRows:
    """The last pass without its writing: the chosen rows, with ``columns`` of them."""
    rows = _ranked_rows(name, reader, weighting, expectation, columns)
    copies, _ = Drawn(expectation, cut).copies(rows, reader.settings.seed)
    change = exchange.of_rows(rows.sample_ids)
    copies += change
    chosen = np.flatnonzero(copies)
    table = rows.table.select(list(columns)).take(pa.array(chosen))
    expected = expectation.expected[rows.groups[chosen], rows.weight_bins[chosen]]
    expected[change[chosen] > 0] = copies[chosen][change[chosen] > 0]  # it was put there, and not by chance
    return ChosenRows(_selection_counts(rows, copies, reader.settings), rows, copies, table, expected)


def _selection_counts(rows: _RankedRows, copies: Ints, settings: BalanceSettings) -> Counts:
    chosen = int((copies > 0).sum())
    cells = Cells.of(settings)
    outside = int((cells.stratum[rows.cells] == len(cells.strata.names)).sum())
    dropped = {str(Reason.NOT_SELECTED): len(copies) - chosen - outside}
    if outside:
        dropped[str(Reason.OUTSIDE_STRATA)] = outside
    return Counts(len(copies), chosen, dropped)
