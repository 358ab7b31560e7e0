"""The program itself: a fault is noticed, one that loops for ever ends, and no file of the tree is touched."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.mutants.targets import ROOT, Target
from tests.mutants.trial import start, wait

TESTS = ("tests/transforms/test_batching.py",)


@pytest.mark.slow
def test_a_few_mutants_of_a_module() -> None:
    path = ROOT / "transforms" / "rejects.py"
    before = path.read_bytes()
    command = [sys.executable, "-m", "tests.mutants.run", "transforms/rejects", "--mutants", "4", "--jobs", "2"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"^transforms/rejects\.py +4 +4 +0 +0$", ended.stdout, re.MULTILINE), ended.stdout
    assert path.read_bytes() == before


@pytest.mark.slow
def test_what_becomes_of_a_fault() -> None:
    """In processes of their own: passed as it is, failed with a fault, ended where it would go on for ever."""
    code = "from tests.mutants.test_run import outcomes\nprint(outcomes())"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.stdout.strip() == "['passed', 'failed', 'timeout']", ended.stderr


def outcomes() -> list[str]:
    target = Target("transforms/batching.py", TESTS)
    sources = [target.source, target.source + "\nraise ValueError\n", target.source + "\nwhile True:\n    pass\n"]
    found = []
    for source in sources:
        trial = start(target, source, 5)
        [(_, outcome)] = wait([trial])
        trial.close()
        found.append(outcome)
    return found
