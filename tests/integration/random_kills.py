"""Runs killed at random moments, the driver or one of its workers, and gone on with: the same bytes as undisturbed.

    python -m tests.integration.random_kills --kills 20 --seed 0
    python -m tests.integration.random_kills --chain instruct --kills 20 --seed 0
    python -m tests.integration.random_kills --chain asked --kills 20 --seed 0

Each attempt of a run is hit once by SIGKILL, at a moment and in a process drawn by ``--seed`` (which process there
is at that moment is the machine's). After a dead driver no process of it may live on; after a dead worker the driver
ends with an error for the user. A run that gets through is compared, and another one begun. Of the chain that asks a
model, each run has a cache of its own, and what the server is asked twice is counted: after each kill no more than was
under way.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from tests.integration.conftest import (
    ASKED,
    INSTRUCT,
    MINI,
    ROOT,
    as_set,
    asked_sets,
    digests,
    installed_script,
    small_corpus,
    small_sets,
)
from tests.transforms.instruct.asking.chat_server import ChatServer, Said, serving
from tests.transforms.instruct.asking.oracle import Oracle
from transforms.instruct.asking.asker import HEALTH
from transforms.instruct.asking.cache import ReplyCache

CONCURRENCY = 8
_REPLY_SECS = 0.3  # so that many a kill comes while requests are under way
_LIMIT_SECS = 300.0
_ORPHAN_SECS = 15.0  # in which workers must have noticed that their driver is gone


def kill_at_random(
    folder: pathlib.Path, command: list[str], kills: int, seed: int, more: Callable[[str], list[str]] = lambda _: []
) -> Iterator[str]:
    """What was hit, a line a kill. Raises AssertionError where bytes differ, a process lives on, or one hangs.

    ``command``: what evenweave is asked for, but for the output, and for ``more`` of each run by its name, asked
    for before every attempt.
    """
    command = [*command, "--set", "runner.workers=2"]
    began = time.monotonic()  # and the little that it takes to draw what the run is about
    installed_script(*command, *more("whole"), "--output", folder / "whole")
    whole_secs = time.monotonic() - began
    wanted = digests(folder / "whole")
    dice, done, run = random.Random(seed), 0, 0
    while done < kills:
        output = folder / f"killed-{run}"
        hit = _attempt([*command, *more(output.name), "--output", str(output)], dice, whole_secs)
        if hit is not None:
            done += 1
            yield f"{output.name}: {hit}"
        else:
            _expect(wanted, output)
            run += 1
    output = folder / f"killed-{run}"
    installed_script(*command, *more(output.name), "--output", output)
    _expect(wanted, output)


def _expect(wanted: dict[str, str], output: pathlib.Path) -> None:
    found = digests(output)
    others = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
    assert not others, f"{output} differs in {', '.join(others)}"


def build_command(folder: pathlib.Path, images: int) -> list[str]:
    return ["build", MINI, *small_corpus(folder / "corpus", images)]


def instruct_command(folder: pathlib.Path, rows: int) -> list[str]:
    return ["instruct", INSTRUCT, *small_sets(folder / "sets", rows)]


def kill_asking(folder: pathlib.Path, rows: int, kills: int, seed: int) -> Iterator[str]:
    """The chain that asks a model; raises AssertionError also for what is asked too often."""
    oracle = Oracle(fault="number", share=0.2)

    def slowly(body: dict[str, Any], before: int) -> Said:
        return dataclasses.replace(oracle(body, before), wait_secs=_REPLY_SECS)

    with serving(slowly) as server:
        counted = _Counted(folder, server)
        known = as_set({"servers.model.base_url": server.url, "servers.model.concurrency": CONCURRENCY})
        command = ["instruct", ASKED, *asked_sets(folder / "sets", rows), *known]
        yield from kill_at_random(folder, command, kills, seed, counted.attempt)
        counted.end()
    yield f"{counted.twice} of {counted.asked} requests were sent again after {kills} kills"


@dataclass
class _Counted:
    """What the server is asked, run by run: what it is asked twice, and what that costs."""

    folder: pathlib.Path
    server: ChatServer
    name: str = ""
    kills: int = 0
    asked: int = 0
    twice: int = 0

    def attempt(self, name: str) -> list[str]:
        cache = as_set({"asking.cache": self.folder / f"cache-{name}"})
        if name != self.name:
            self.end()
            self.name, self.kills = name, 0
            self.server.forget()
        else:
            self.kills += 1
            self._look()
        return cache

    def end(self) -> None:
        """Of a run: as much was spent as the server counted, or was lost on the way."""
        if not self.name:
            return
        twice = self._look()
        self.asked, self.twice = self.asked + self.server.asked.total(), self.twice + twice
        with ReplyCache.read_only(self.folder / f"cache-{self.name}") as cache:
            (spent,) = cache.spent().values()
        really = self.server.prompt_tokens + self.server.reply_tokens
        assert spent.known.tokens <= really <= spent.most.tokens, (self.name, spent, really)
        assert twice <= spent.lost <= self.kills * CONCURRENCY, (self.name, spent, twice)

    def _look(self) -> int:
        """Health is looked at once an attempt."""
        asked = {body: count for body, count in self.server.asked.items() if HEALTH not in body}
        twice = sum(asked.values()) - len(asked)
        assert twice <= self.kills * CONCURRENCY, f"{self.name}: {twice} asked twice after {self.kills} kills"
        return twice


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
    parser.add_argument("--chain", choices=("build", "instruct", "asked"), default="build")
    parser.add_argument("--size", type=int, help="images of the corpus, or rows of the sets: 400, 1000, 500")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="random-kills-") as folder:
        place = pathlib.Path(folder)
        how = (options.kills, options.seed)
        match options.chain:
            case "build":
                lines = kill_at_random(place, build_command(place, options.size or 400), *how)
            case "instruct":
                lines = kill_at_random(place, instruct_command(place, options.size or 1000), *how)
            case _:
                lines = kill_asking(place, options.size or 500, *how)
        for line in lines:
            print(line, flush=True)
    print(f"{options.kills} kills, the same bytes each time")


if __name__ == "__main__":
    main()
