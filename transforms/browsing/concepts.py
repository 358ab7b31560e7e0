"""The concepts of a run: how often each stood on an image before balancing, and how often after; sorted and searched.

Shape legend: V concepts.
"""

from __future__ import annotations

import difflib
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.browsing.shards import require
from transforms.datasets import CONCEPTS, read_table
from transforms.errors import InputError
from transforms.run_folder import RunState
from transforms.stages import BALANCE

Order = Literal["common", "rare", "gain"]
ORDERS: tuple[Order, ...] = get_args(Order)

_NEAR_NAMES = 5  # told where no concept has the name asked for


def read_concept_counts(state: RunState) -> pa.Table:
    """The (V,) rows of concepts.parquet, and ``gain``: by how much its share of the images grew, so that 1 is what a
    plain random selection of the same size expects; null for a concept that no image holds.

    Raises RunFolderError where balance is not done.
    """
    require(state, BALANCE, "its concepts to be read")
    table = read_table(state.folder.concepts, state.folder.fingerprint, CONCEPTS.names)
    before, after = (table[name].to_numpy().astype(np.float64) for name in ("count_before", "count_after"))
    rows = state.counts(BALANCE.name).rows_in
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = after / before * (rows / max(_selected_copies(state), 1))
    return table.append_column("gain", pa.array(gain, mask=before == 0))


def _selected_copies(state: RunState) -> int:
    """Images in the balanced corpus; copies count, and balance gives exactly as many as were asked for."""
    return int(state.values["config"][BALANCE.name]["size"])


def order_rows(concepts: pa.Table, order: Order) -> NDArray[np.int64]:
    """(V,) rows, those that no image holds last; where two are alike, the earlier id comes first."""
    before = concepts["count_before"].to_numpy()
    absent = before == 0
    if order == "gain":
        gain = np.nan_to_num(concepts["gain"].to_numpy(), nan=-1.0)
        return np.lexsort((-gain, absent))
    return np.lexsort((before if order == "rare" else -before, absent))


def search_names(concepts: pa.Table, word: str) -> pa.Table:
    """Those with ``word`` in their name, whatever its case."""
    return concepts.filter(pc.match_substring(pc.fill_null(concepts["name"], ""), word, ignore_case=True))


def ids_named(concepts: pa.Table, name: str) -> list[int]:
    """The ids of the concepts of this name, one a language; raises InputError naming near ones where there is none."""
    names = [text or "" for text in concepts["name"].to_pylist()]
    folded = name.casefold()
    rows = [row for row, other in enumerate(names) if other == name]
    rows = rows or [row for row, other in enumerate(names) if other.casefold() == folded]
    if rows:
        return [int(concepts["id"][row].as_py()) for row in rows]
    near = difflib.get_close_matches(name, names, _NEAR_NAMES)
    near = near or [other for other in names if folded in other.casefold()][:_NEAR_NAMES]
    raise InputError(
        f"the run has no concept called {name!r}. Near to it are: {', '.join(dict.fromkeys(near)) or 'none'}. "
        "evenweave concepts RUN --search WORD looks through all of them."
    )


def commonest_and_rarest(concepts: pa.Table, shown: int) -> tuple[list[int], list[int]]:
    """Rows of the commonest concepts, and of the rarest ones that occur at all (rarest first); none stands in both."""
    present = int((concepts["count_before"].to_numpy() > 0).sum())
    falling = order_rows(concepts, "common")[:present]
    shown = min(shown, (present + 1) // 2)
    return falling[:shown].tolist(), falling[shown:][-shown:][::-1].tolist()
