"""How near what-if comes to the balance itself, where a run was fitted on a sample: some two minutes.

    python -m tests.benchmarks.bench_whatif

Runs of the synthetic Zipf corpus (bench_even), sampled at 5 and at 2 %, are asked what other settings would come to;
beside each answer and the error told with it stands what a balance by these settings comes to.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from typing import Any

from tests.benchmarks.bench_even import balanced, zipf_ids
from tests.benchmarks.harness import keep
from transforms.balancing.cells import Cells
from transforms.balancing.certificate import read_certificate
from transforms.balancing.concept_ids import Ids
from transforms.balancing.measures import COVERED_IMAGES, covered
from transforms.balancing.sample_table import read_sample
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.whatif import Outcome, beside_the_run, what_if
from transforms.datasets import read_table

PERCENT = (5, 2)

#: What is asked beside the run, of a tenth of so many images with the default floor.
QUESTIONS: dict[str, Callable[[int], dict[str, Any]]] = {
    "half_the_size": lambda rows: {"size": rows // 20},
    "twice_the_size": lambda rows: {"size": rows // 5},
    "no_floor": lambda _: {"even": {"floor": 0}},
    "floor_10": lambda _: {"even": {"floor": 10}},
    "floor_30": lambda _: {"even": {"floor": 30}},
    "beta_100": lambda _: {"even": {"beta": 100}},
    "temper_0.3": lambda _: {"even": {"temper": 0.3}},
}


def truth(ids: Ids, n_concepts: int, values: dict[str, Any]) -> tuple[float, int]:
    """Evenness of what is drawn, and concepts covered."""
    with tempfile.TemporaryDirectory() as root:
        folder = balanced(root, ids, n_concepts, values)
        counts = read_table(folder.concepts, folder.fingerprint)["count_after"].to_numpy()
        return read_certificate(folder)["evenness"]["drawn"], covered(counts, COVERED_IMAGES)


def told(root: str, ids: Ids, n_concepts: int, of_run: dict[str, Any], asked: list[dict[str, Any]]) -> list[Outcome]:
    """The answers of a run by ``of_run``."""
    folder, settings = balanced(root, ids, n_concepts, of_run), BalanceSettings.model_validate(of_run)
    sample, inside = read_sample(folder)
    known = Cells.of(settings)
    own = what_if(settings, sample, inside, known)
    found = [what_if(BalanceSettings.model_validate(values), sample, inside, known) for values in asked]
    return [beside_the_run(one, own, read_certificate(folder)) for one in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    options = parser.parse_args()
    ids = zipf_ids(options.rows)
    n_concepts, rows = int(ids.max()) + 1, len(ids)
    figures: dict[str, Any] = {"questions": len(QUESTIONS) * len(PERCENT)}
    shares, distances = [], []
    for percent in PERCENT:
        of_run = {"method": "even", "size": rows // 10, "max_sample_rows": rows * percent // 100}
        asked = [{**of_run, **change(rows)} for change in QUESTIONS.values()]
        with tempfile.TemporaryDirectory() as root:
            answers = told(root, ids, n_concepts, of_run, asked)
        for name, values, answer in zip(QUESTIONS, asked, answers, strict=True):
            evenness, concepts = truth(ids, n_concepts, values)
            distances.append(abs(answer.evenness - evenness))
            shares.append(distances[-1] / answer.evenness_error)
            figures[f"{percent}_percent_{name}"] = {
                "evenness": evenness,
                "told": answer.evenness,
                "error_told": answer.evenness_error,
                "covered": concepts,
                "covered_told": answer.covered,
                "covered_error_told": answer.covered_error,
            }
    keep("whatif", rows=rows, most_off=max(distances), most_share_of_error_told=max(shares), **figures)


if __name__ == "__main__":
    main()
