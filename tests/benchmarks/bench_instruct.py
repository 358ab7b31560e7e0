"""The instruction chain on its embedded sets, against their truth, and standardising beside merely parsing:
``python -m tests.benchmarks.bench_instruct``. Some four minutes on two cores.
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from typing import Any

import numpy as np
import orjson
import psutil
import pyarrow.parquet as pq

from tests.benchmarks.harness import best_secs, keep
from tests.integration.conftest import INSTRUCT, ROOT, evenweave, small_sets
from tests.integration.instruct_truth import rejected, truth_by_key
from transforms.balancing.measures import normalised_entropy
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.settings import InstructSource
from transforms.instruct.standardising import standardise
from transforms.miniature.instruct.wordings import NEVER_TOUCHED, WHERE_ASKED
from transforms.stages import ANSWERS, EDITS, MIX

ROWS = 20_000
CONVERSATIONS = 20_000  # of text alone, for standardising beside parsing
CONCEPTS = (
    "mix.concepts={word_list: configs/vocabulary/mini.yaml, encoder: {model: configs/encoder/tiny, precision: fp32}, "
    "per_row: 8, min_similarity: 0.2}"
)
STOPPED = ("word", "md5", "near_hash")  # what the lists of the configuration are to stop
_STAGE = re.compile(r"✓ (\w+) .* rejected +([\d.]+) s")


def run_chain(folder: pathlib.Path) -> tuple[list[str], float, float]:
    """Lines of the terminal, seconds, and the peak of the memory of all its processes in GB (proportional shares)."""
    overrides = [*small_sets(folder / "sets", ROWS), "--set", "mix.size=10000", "--set", "decontaminate.canaries=30"]
    overrides += ["--set", "runner.workers=2"]
    command = [str(pathlib.Path(sys.executable).with_name("evenweave")), "instruct", INSTRUCT, "--output"]
    began, peak = time.monotonic(), 0
    process = subprocess.Popen([*command, str(folder / "run"), *overrides], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    driver = psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, _memory_bytes(driver))
        time.sleep(0.5)
    secs = time.monotonic() - began
    assert process.stdout is not None and process.returncode == 0
    return process.stdout.read().splitlines(), secs, peak / 1e9


def _memory_bytes(driver: psutil.Process) -> int:
    total = 0
    for one in (driver, *driver.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def concepts_evened(folder: pathlib.Path) -> dict[str, float]:
    """The same mixture again with its concepts made even: how even they are of all rows, and as drawn without and with
    it."""
    run, drawn = folder / "run", folder / "drawn"
    shutil.copytree(run / MIX.writes[0], drawn)
    wanted = ("mix.size=10000", "decontaminate.canaries=30", CONCEPTS)
    overrides = [part for one in wanted for part in ("--set", one)]
    evenweave("instruct", INSTRUCT, "--output", run, "--remake", *small_sets(folder / "sets", ROWS), *overrides)
    told = json.loads((run / MIX.writes[1] / "shares.json").read_text())["concepts"]
    shown = {
        row["key"]: row["concept_ids"]
        for path in (run / "concepts").rglob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    }
    counts = Counter(
        concept
        for path in drawn.rglob("*.parquet")
        for row in pq.read_table(path, columns=["key", "copies"]).to_pylist()
        for concept in shown[row["key"]]
        for _ in range(row["copies"])
        if concept >= 0
    )
    plain = np.array([*counts.values(), *[0] * (told["concepts"] - len(counts))])
    return {
        "concepts_entropy_before": told["normalised_entropy_before"],
        "concepts_entropy_plain": normalised_entropy(plain),
        "concepts_entropy_even": told["normalised_entropy_drawn"],
    }


def found_of_planted(sets: pathlib.Path, run: pathlib.Path) -> dict[str, Any]:
    """What the stages did to what is planted, by the truth: found of how many."""
    truth = truth_by_key(sets, run)
    stages = ("standardise", "safety", "validate", "duplicates", "decontaminate")
    gone = {name: rejected(run, name) for name in stages}
    early = gone["standardise"] | gone["safety"] | gone["validate"]
    faulty = [key for key, one in truth.items() if one["fate"] == "rejected"]
    left = {key: one for key, one in truth.items() if key not in early}
    figures: dict[str, Any] = {
        "faults_found": sum(key in early for key in faulty),
        "faults": len(faulty),
        "sound_rows_dropped": sum(
            truth[key]["fate"] != "rejected" and truth[key]["unsafe"] not in STOPPED for key in early
        ),
    }
    listed = [key for key, one in truth.items() if one["unsafe"] in STOPPED]
    figures |= {"unsafe_stopped": sum(key in gone["safety"] for key in listed), "unsafe": len(listed)}
    for relation in ("exact", "near_image", "near_text", "convention", "cropped", "conflict"):
        copies = [one for one in left.values() if one["relation"] == relation]
        stopped = sum(_either_went(one, gone["duplicates"], truth) for one in copies)
        figures |= {f"{relation}_copies_found": stopped, f"{relation}_copies": len(copies)}
    figures["no_copies_dropped"] = sum(
        truth[key]["relation"] in ("other_image", "other_question", "translated") and truth[key]["canary"] is None
        for key in gone["duplicates"]
    )
    remains = {key: one for key, one in left.items() if key not in gone["duplicates"]}
    cells = Counter(one["cell"] == "text translated" for key, one in remains.items() if one["canary"])
    canaries = [key for key, one in remains.items() if one["canary"] and one["cell"] != "text translated"]
    figures |= {
        "canaries_found": sum(key in gone["decontaminate"] for key in canaries),
        "canaries": len(canaries),
        "translated_text_canaries_not_looked_for": cells[True],
        "look_alikes_dropped": sum(
            one["is_look_alike"] and key in gone["decontaminate"] for key, one in remains.items()
        ),
    }
    return figures


def answers_rendered(sets: pathlib.Path, run: pathlib.Path) -> dict[str, int]:
    """Of answers that are written in another way than the plainest, those that read as the truth has it; and others,
    which are to stay, that were changed."""
    truth = truth_by_key(sets, run)
    gone = {key for name in ("standardise", "safety", "validate") for key in rejected(run, name)}
    edits = {
        row["key"]: row["text"]
        for path in sorted((run / EDITS / ANSWERS.name).rglob("*.parquet"))
        for row in pq.read_table(path, columns=["key", "text"]).to_pylist()
    }
    worded = {key: one for key, one in truth.items() if one["wording"] and key not in gone}
    stay = {key for key in truth if key not in worded} | {
        key for key, one in worded.items() if one["wording"] in (*NEVER_TOUCHED, *WHERE_ASKED)
    }
    asked = {key: one["rendering"] for key, one in worded.items() if key not in stay}
    return {
        "worded_answers_rendered": sum(edits.get(key) == text for key, text in asked.items()),
        "worded_answers": len(asked),
        "answers_changed_that_stay": len(edits.keys() & stay),
    }


def _either_went(one: dict[str, Any], gone: dict[str, str], truth: dict[str, dict[str, Any]]) -> bool:
    """The copy, or what it is a copy of."""
    return any(truth[key]["key"] in (one["key"], one["original"]) for key in gone)


def standardising_secs(folder: pathlib.Path) -> tuple[float, float]:
    """Of conversations of text: into rows, and merely parsed."""
    path = folder / "texts.jsonl"
    turns = [{"from": "human", "value": "What is {}? " * 8}, {"from": "gpt", "value": "It is {}, since it is. " * 12}]
    lines = (
        orjson.dumps({"id": n, "conversations": [{**t, "value": t["value"].replace("{}", str(n))} for t in turns]})
        for n in range(CONVERSATIONS)
    )
    path.write_bytes(b"\n".join(lines) + b"\n")
    source = InstructSource(name="texts", path=str(path), adapter="conversations")
    (part,) = list_parts(source)
    ours = best_secs(lambda: sum(1 for _ in standardise(part, source)))
    return ours, best_secs(lambda: [orjson.loads(line) for line in path.read_bytes().splitlines()])


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-instruct-") as scratch:
        folder = pathlib.Path(scratch)
        terminal, secs, peak_gb = run_chain(folder)
        figures = found_of_planted(folder / "sets", folder / "run")
        figures |= answers_rendered(folder / "sets", folder / "run")
        figures |= concepts_evened(folder)
        ours, parsing = standardising_secs(folder)
    stages = {match[1]: float(match[2]) for line in terminal if (match := _STAGE.match(line))}
    keep(
        "instruct",
        rows=ROWS,
        secs=secs,
        peak_memory_gb=peak_gb,
        **{f"{name}_secs": took for name, took in stages.items()},
        **figures,
        standardised_a_second=CONVERSATIONS / ours,
        merely_parsed_a_second=CONVERSATIONS / parsing,
        standardising_over_parsing=ours / parsing,
        terminal=[line.replace(scratch, "runs") for line in terminal if line.startswith(("✓", "cert", "decon"))],
    )


if __name__ == "__main__":
    main()
