"""The pack planner on one core at full scale: seconds, memory, fill against the lower bound, evenness of vision cost.

    python -m tests.benchmarks.bench_packing --samples 85000000

Lengths follow the published packer's histogram. Each size runs in a process of its own, so that its peak memory is its
own (inputs included). First-come (next-fit) packing is measured beside it. The published packer itself, on lengths of
the same histogram and 2 cores, took 35 s for 100,000 and filled 98.6 %; linear growth would make that 8 hours here.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from tests.benchmarks.harness import keep
from tests.transforms.packing.synthetic_lengths import synthetic_lengths
from transforms.packing.plan.planner import Plan, plan_packs
from transforms.packing.plan.tally import next_fit

PACK_TOKENS = 8192
CAPACITY_OVER_MEAN = 1.2  # patches a pack may hold, over the mean of a full pack


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # Linux counts in KiB


def pack_sums(plan: Plan, values: np.ndarray) -> np.ndarray:
    """(P,) sums; in pieces, since numpy turns the weights into float64."""
    sums = np.zeros(plan.num_packs + 1)
    for start in range(0, len(values), 5_000_000):
        part = slice(start, start + 5_000_000)
        sums += np.bincount(plan.pack[part] + 1, values[part], plan.num_packs + 1)
    return sums[1:]


def figures(plan: Plan, tokens: np.ndarray, patches: np.ndarray) -> dict[str, float]:
    sums, of_patches = pack_sums(plan, tokens), pack_sums(plan, patches)
    assert sums.max() <= PACK_TOKENS and sums.min() > 0
    fewest = -(-int(sums.sum()) // PACK_TOKENS)
    return {
        "packs": plan.num_packs,
        "fill": float(sums.sum()) / PACK_TOKENS / plan.num_packs,
        "fewest_packs_over_packs": fewest / plan.num_packs,
        "rejects": len(plan.too_long()),
        "patches_p99_over_p50": float(np.percentile(of_patches, 99) / np.median(of_patches)),
        "patches_max": int(of_patches.max()),
    }


def one_size(samples: int, mode: str) -> dict[str, Any]:
    """Plan ``samples`` lengths in this process."""
    tokens, patches = synthetic_lengths(samples)
    if mode == "next_fit":
        start = time.perf_counter()
        packs = next_fit(tokens, PACK_TOKENS)
        secs = time.perf_counter() - start
        return {"secs": secs, "fill": int(tokens.sum(dtype=np.int64)) / PACK_TOKENS / packs}
    ids = np.arange(samples, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    options: dict[str, Any] = {}
    if mode != "plain":
        options = {"num_patches": patches, "balance": True}
    if mode == "capped":
        mean = int(patches.sum(dtype=np.int64)) / int(tokens.sum(dtype=np.int64)) * PACK_TOKENS
        options["max_patches"] = int(CAPACITY_OVER_MEAN * mean)
    before_gb = peak_gb()
    start = time.perf_counter()
    plan = plan_packs(tokens, PACK_TOKENS, ids=ids, **options)
    secs = time.perf_counter() - start
    peak = {"peak_gb": peak_gb(), "inputs_peak_gb": before_gb}
    return {"secs": secs, "secs_per_million": secs / samples * 1e6, **peak, **figures(plan, tokens, patches)}


def in_own_process(samples: int, mode: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_packing", "--samples", str(samples), "--only", mode]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=85_000_000)
    parser.add_argument("--only", choices=["plain", "balanced", "capped", "next_fit"], help="one mode, as JSON")
    args = parser.parse_args()
    if args.only:
        print(json.dumps(one_size(args.samples, args.only)))
        return
    sizes = [size for size in (1_000_000, 10_000_000) if size < args.samples] + [args.samples]
    results: dict[str, Any] = {}
    for size in sizes:
        modes = ["plain", "balanced", "capped", "next_fit"] if size == args.samples else ["plain", "balanced"]
        for mode in modes:
            for name, value in in_own_process(size, mode).items():
                results[f"{mode}_{size}_{name}"] = value
            print(f"{mode} {size}: {results[f'{mode}_{size}_secs']:.2f} s", file=sys.stderr, flush=True)
    largest = args.samples
    keep(
        "packing",
        samples=largest,
        pack_tokens=PACK_TOKENS,
        secs_per_million_largest_over_smallest=results[f"plain_{largest}_secs_per_million"]
        / results[f"plain_{sizes[0]}_secs_per_million"],
        patches_spread_capped_over_plain=results[f"capped_{largest}_patches_p99_over_p50"]
        / results[f"plain_{largest}_patches_p99_over_p50"],
        **results,
    )


if __name__ == "__main__":
    main()
