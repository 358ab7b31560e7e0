"""Builds killed at random moments, the driver or one of its workers, and gone on with: the same bytes as undisturbed.

    python -m tests.integration.random_kills --kills 20 --seed 0

Each attempt of a build is hit once by SIGKILL, at a moment and in a process drawn by ``--seed`` (which process there
is at that moment is the machine's). After a dead driver no process of it may live on; after a dead worker the driver
ends with an error for the user. A build that gets through is compared, and another one begun.
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

from tests.integration.conftest import MINI, ROOT, digests, evenweave, small_corpus

_LIMIT_SECS = 300.0
_ORPHAN_SECS = 15.0  # in which workers must have noticed that their driver is gone


def kill_at_random(folder: pathlib.Path, kills: int, seed: int, images: int = 400) -> Iterator[str]:
    """What was hit, a line a kill. Raises AssertionError where bytes differ, a process lives on, or one hangs."""
    settings = [*small_corpus(folder / "corpus", images), "--set", "runner.workers=2"]
    began = time.monotonic()
    evenweave("build", MINI, "--output", folder / "whole", *settings)
    build_secs = time.monotonic() - began
    wanted = digests(folder / "whole")
    dice, done, run = random.Random(seed), 0, 0
    while done < kills:
        output = folder / f"killed-{run}"
        hit = _attempt(["build", MINI, "--output", str(output), *settings], dice, build_secs)
        if hit is not None:
            done += 1
            yield f"{output.name}: {hit}"
        else:
            assert digests(output) == wanted, f"{output} differs from {folder / 'whole'}"
            run += 1
    output = folder / f"killed-{run}"
    evenweave("build", MINI, "--output", output, *settings)
    assert digests(output) == wanted, f"{output} differs from {folder / 'whole'}"


def _attempt(arguments: list[str], dice: random.Random, build_secs: float) -> str | None:
    """Run the command and kill one of its processes; None where it was done before."""
    # not to the very end: what goes on where it stopped takes less time than the whole
    moment_secs, is_driver, which = dice.uniform(0, 0.7 * build_secs), dice.random() < 0.5, dice.random()
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
    parser.add_argument("--images", type=int, default=400, help="of the corpus that is built from")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="random-kills-") as folder:
        for line in kill_at_random(pathlib.Path(folder), options.kills, options.seed, options.images):
            print(line, flush=True)
    print(f"{options.kills} kills, the same bytes each time")


if __name__ == "__main__":
    main()
