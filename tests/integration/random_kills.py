"""Runs killed at random moments, the driver or one of its workers, and gone on with: the same bytes as undisturbed.

    python -m tests.integration.random_kills --kills 20 --seed 0
    python -m tests.integration.random_kills --chain instruct --kills 20 --seed 0

Each attempt of a run is hit once by SIGKILL, at a moment and in a process drawn by ``--seed`` (which process there
is at that moment is the machine's). After a dead driver no process of it may live on; after a dead worker the driver
ends with an error for the user. A run that gets through is compared, and another one begun.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import psutil

from tests.integration.conftest import INSTRUCT, MINI, ROOT, digests, evenweave, small_corpus, small_sets

_LIMIT_SECS = 300.0
_ORPHAN_SECS = 15.0  # in which workers must have noticed that their driver is gone


def kill_at_random(folder: pathlib.Path, command: list[str], kills: int, seed: int) -> Iterator[str]:
    """What was hit, a line a kill. Raises AssertionError where bytes differ, a process lives on, or one hangs.

    ``command``: what evenweave is asked for, but for the output.
    """
    command = [*command, "--set", "runner.workers=2"]
    evenweave(*command, "--output", folder / "drawn")  # what the run is about is drawn by then, and takes no time below
    began = time.monotonic()
    evenweave(*command, "--output", folder / "whole")
    whole_secs = time.monotonic() - began
    wanted = digests(folder / "whole")
    dice, done, run = random.Random(seed), 0, 0
    while done < kills:
        output = folder / f"killed-{run}"
        hit = _attempt([*command, "--output", str(output)], dice, whole_secs)
        if hit is not None:
            done += 1
            yield f"{output.name}: {hit}"
        else:
            assert digests(output) == wanted, f"{output} differs from {folder / 'whole'}"
            run += 1
    output = folder / f"killed-{run}"
    evenweave(*command, "--output", output)
    assert digests(output) == wanted, f"{output} differs from {folder / 'whole'}"


def build_command(folder: pathlib.Path, images: int) -> list[str]:
    return ["build", MINI, *small_corpus(folder / "corpus", images)]


def instruct_command(folder: pathlib.Path, rows: int) -> list[str]:
    return ["instruct", INSTRUCT, *small_sets(folder / "sets", rows)]


def _attempt(arguments: list[str], dice: random.Random, whole_secs: float) -> str | None:
    """Run the command and kill one of its processes; None where it was done before."""
    # not to the very end: what goes on where it stopped takes less time than the whole
    moment_secs, is_driver, which = dice.uniform(0, 0.7 * whole_secs), dice.random() < 0.5, dice.random()
    script = pathlib.Path(sys.executable).with_name("evenweave")
    process = subprocess.Popen(
        [str(script), *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        process.wait(moment_secs)
        assert process.returncode == 0, process.communicate()[1]
        return None
    except subprocess.TimeoutExpired:
        pass
    driver = psutil.Process(process.pid)
    children = driver.children(recursive=True)
    target = driver if is_driver or not children else children[int(which * len(children))]
    target.send_signal(signal.SIGKILL)
    try:
        said = process.communicate(timeout=_LIMIT_SECS)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"the driver waits for {target.pid}, killed {moment_secs:.1f} s after the start") from None
    if target is driver:
        _, alive = psutil.wait_procs(children, _ORPHAN_SECS)
        assert not alive, f"{len(alive)} processes outlive their driver: {[one.pid for one in alive]}"
        return f"driver after {moment_secs:.1f} s"
    assert "Traceback" not in said, said
    assert process.returncode in (0, 2), f"status {process.returncode} after a worker was killed: {said}"
    return f"worker after {moment_secs:.1f} s, then {said.strip()[:60] or 'done without it'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chain", choices=("build", "instruct"), default="build")
    parser.add_argument("--size", type=int, help="images of the corpus, or rows of the sets: 400, 1000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="random-kills-") as folder:
        place = pathlib.Path(folder)
        is_build = options.chain == "build"
        command = (
            build_command(place, options.size or 400) if is_build else instruct_command(place, options.size or 1000)
        )
        for line in kill_at_random(place, command, options.kills, options.seed):
            print(line, flush=True)
    print(f"{options.kills} kills, the same bytes each time")


if __name__ == "__main__":
    main()
