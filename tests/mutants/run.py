"""How much of the core the tests hold: ``python -m tests.mutants.run [module …]``.

Small faults are put into each core module (operators.py), one at a time; a fault that the module's own tests do not
notice survives, and says which test is missing. Each mutant is run against the mirrored tests alone, those of
tests/<path>/test_<module>.py and the few named in targets.yaml: a fault that only a whole chain notices is found late
and hard to place. Modules, operators and seed are fixed.

Ours rather than a library: mutmut picks the tests by coverage, so that mirrored ones need not exist; cosmic-ray edits
the working tree and starts an interpreter a mutant, which for the model's tests means 10 s of imports each time.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections import Counter
from typing import Any

from tests.mutants.operators import Mutant
from tests.mutants.targets import HERE, Target, find_targets, read_equivalents, read_rules, sample
from tests.mutants.trial import Trial, preload, start, wait

RESULTS = HERE / "results.json"
_FIRST_SECS = 300  # of processor time, for a module's tests as they are
_SPARE_SECS = 10


class FailingTestsError(Exception):
    """A module's tests fail without a fault in it."""


def baseline_secs(target: Target) -> int:
    """Processor seconds that a mutant of ``target`` may take. Raises FailingTestsError."""
    trial = start(target, target.source, _FIRST_SECS)
    [(_, outcome)] = wait([trial])
    took = time.monotonic() - trial.begun
    output, modules = trial.output(), trial.modules()
    trial.close()
    if outcome != "passed":
        raise FailingTestsError(f"{target.path}: its tests do not pass as they are\n{output}")
    preload(modules)
    return _SPARE_SECS + int(3 * took)


def try_mutants(target: Target, mutants: list[Mutant], jobs: int, end: float) -> dict[Mutant, str]:
    """The outcome of each; those that the time did not suffice for are left out."""
    secs = baseline_secs(target)
    outcomes: dict[Mutant, str] = {}
    waiting, running = list(reversed(mutants)), list[tuple[Trial, Mutant]]()
    while waiting or running:
        while waiting and len(running) < jobs and time.monotonic() < end:
            mutant = waiting.pop()
            running.append((start(target, mutant.apply(target.source), secs), mutant))
        if not running:
            break
        for trial, outcome in wait([trial for trial, _ in running]):
            [mutant] = [mutant for other, mutant in running if other is trial]
            outcomes[mutant] = outcome
            running = [(other, mutant) for other, mutant in running if other is not trial]
            trial.close()
    return outcomes


def record_of(target: Target, outcomes: dict[Mutant, str], equivalent: dict[Any, str]) -> dict[str, Any]:
    """What is kept of a module; prints its line and its survivors."""
    survivors = [mutant for mutant, outcome in outcomes.items() if outcome == "passed"]
    excused = [mutant for mutant in survivors if mutant.name in equivalent]
    missed = sorted((m for m in survivors if m.name not in equivalent), key=lambda mutant: mutant.start)
    counts = {
        "mutants": len(outcomes),
        "killed": len(outcomes) - len(survivors),
        "survived": len(missed),
        "equivalent": len(excused),
    }
    print(f"{target.path:<50}" + "".join(f"{number:>10}" for number in counts.values()), flush=True)
    for mutant in missed:
        print(f"  {target.path}:{mutant.line_number}: {mutant.operator} {mutant.change} ({mutant.occurrence})")
        print("\n".join(f"    {line}" for line in mutant.diff(target.source).splitlines()), flush=True)
    names = [f"{mutant.operator}: {mutant.line}: {mutant.change}" for mutant in missed]
    return {"date": datetime.date.today().isoformat(), **counts, "survivors": names}


def summary(modules: dict[str, dict[str, Any]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for record in modules.values():
        total.update({name: record[name] for name in ("mutants", "killed", "survived", "equivalent")})
    counted = total["killed"] + total["survived"]
    return {
        **total,
        "score": round(total["killed"] / max(counted, 1), 4),
        "equivalent_share": round(total["equivalent"] / max(total["mutants"], 1), 4),
    }


def keep(modules: dict[str, dict[str, Any]], paths: set[str]) -> None:
    """Into results.json: modules that were looked at now, over what was kept of them; those that are gone leave."""
    before = json.loads(RESULTS.read_text())["modules"] if RESULTS.exists() else {}
    merged = {path: record for path, record in sorted({**before, **modules}.items()) if path in paths}
    RESULTS.write_text(json.dumps({**summary(merged), "modules": merged}, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    rules = read_rules()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("modules", nargs="*", help="beginnings of paths, as transforms/tar; none: all")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=rules["minutes"])
    parser.add_argument("--mutants", type=int, default=rules["mutants_per_module"], help="of each module, at most")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    targets = find_targets(rules)
    equivalents = read_equivalents(targets)
    chosen = [t for t in targets if not options.modules or t.path.startswith(tuple(options.modules))]
    print(f"{'module':<50}{'mutants':>10}{'killed':>10}{'survived':>10}{'equivalent':>10}", flush=True)
    found, unfinished = {}, []
    for target in chosen:
        mutants = sample(target, rules["seed"], options.mutants)
        try:
            outcomes = try_mutants(target, mutants, options.jobs, end) if time.monotonic() < end else {}
        except FailingTestsError as error:
            print(error, flush=True)
            outcomes = {}
        if len(outcomes) < len(mutants):
            unfinished.append(target.path)
            continue
        found[target.path] = record_of(target, outcomes, equivalents[target.path])
        if options.mutants == rules["mutants_per_module"]:
            keep(found, {target.path for target in targets})
    figures = summary(found)
    print("\n".join(f"{name:<20}{value}" for name, value in figures.items()))
    if unfinished:
        sys.exit(f"not looked at, for failing tests or want of time ({options.minutes:g} min): {', '.join(unfinished)}")
    if figures["score"] < rules["goal"] or figures["equivalent_share"] > rules["equivalent_at_most"]:
        sys.exit(f"wanted: a score of {rules['goal']}, and {rules['equivalent_at_most']} equivalent at most")


if __name__ == "__main__":
    main()
