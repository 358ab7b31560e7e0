"""Near duplicates among skewed hashes beside all pairs: ``python -m tests.benchmarks.bench_near_duplicates``.

Two sets of perceptual hashes: each bit set with a chance of its own, as pictures with white margins have them, and a
twentieth of the rows with one value of the first band. Both sides compare the same buckets on one core and find the
same; the other side is this project's own loop over a bucket, all with all, which is exact too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.benchmarks.harness import best_secs, keep
from transforms.deduplicating import nearest
from transforms.deduplicating.matching import ROW, Duplicates, Rows, find_near

ROWS = 200_000
DISTANCE = 3  # bits, the default of deduplicate


def rows_of(hashes: np.ndarray, random: np.random.Generator) -> Rows:
    rows = np.zeros(len(hashes), dtype=ROW)
    rows["low"], rows["location"] = hashes, np.arange(len(hashes))
    rows["priority"] = random.permutation(len(hashes)) + 1
    return rows


def skewed_bits(random: np.random.Generator) -> Rows:
    chances = random.uniform(0.02, 0.98, 64)
    hashes = np.zeros(ROWS, dtype=np.uint64)
    for bit, chance in enumerate(chances):
        hashes |= (random.random(ROWS) < chance).astype(np.uint64) << np.uint64(bit)
    return rows_of(hashes, random)


def one_common_band(random: np.random.Generator) -> Rows:
    hashes = random.integers(0, 1 << 63, ROWS, dtype=np.uint64)
    hashes[: ROWS // 20] &= np.uint64(0xFFFF_FFFF_FFFF_0000)
    return rows_of(hashes, random)


def all_bands(rows: Rows) -> Duplicates:
    return np.concatenate([find_near(rows, band, DISTANCE) for band in range(DISTANCE + 1)])


def without_banding_again(work: Callable[[], Duplicates]) -> Duplicates:
    kept = nearest._FEW, nearest._MANY
    nearest._FEW = nearest._MANY = ROWS
    try:
        return work()
    finally:
        nearest._FEW, nearest._MANY = kept


def main() -> None:
    random = np.random.default_rng(0)
    figures: dict[str, float] = {}
    for name, rows in (("skewed_bits", skewed_bits(random)), ("one_common_band", one_common_band(random))):
        found, by_pairs = all_bands(rows), without_banding_again(lambda rows=rows: all_bands(rows))
        if not np.array_equal(np.sort(found, order="location"), np.sort(by_pairs, order="location")):
            raise AssertionError(f"{name}: both sides are to find the same")
        ours = best_secs(lambda rows=rows: all_bands(rows))
        pairs = best_secs(lambda rows=rows: without_banding_again(lambda: all_bands(rows)), repeats=1)
        figures |= {f"{name}_secs": ours, f"{name}_all_pairs_secs": pairs, f"{name}_ratio": pairs / ours}
    keep("near_duplicates", rows=ROWS, **figures)


if __name__ == "__main__":
    main()
