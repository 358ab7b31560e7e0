"""A copy of the project, in which parts are added and left out, and its own checks run."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.test_imports import PACKAGES, ROOT

_COPIED = (*PACKAGES, "configs", "docs", "tests")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "results", "*.safetensors.tmp")


@dataclass(frozen=True)
class Tree:
    """A copy of the project, in which files are edited and its checks run."""

    root: pathlib.Path

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {text.count(old)} of {old!r}: mend this test"
        self.put(name, text.replace(old, new))

    def run(self, *arguments: str) -> tuple[bool, str]:
        """Whether ``python`` with these arguments ended well, and what it said."""
        environment = os.environ | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode == 0, done.stdout + done.stderr

    def mypy(self, *names: str) -> tuple[bool, str]:
        return self.run("-m", "mypy", "--cache-dir", str(self.root / ".mypy_cache"), *names)

    def pytest(self, *names: str) -> tuple[bool, str]:
        return self.run("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *names)

    def build(self, output: pathlib.Path, *overrides: str) -> tuple[bool, str]:
        """The chain over 100 pictures."""
        corpus = self.root / "corpus"
        values = (f"miniature.folder={corpus}", f"sources.0.path={corpus}/shards", "miniature.settings.images=100")
        values += ("balance.size=20", "max_reject_share=0.5", "runner.workers=1", *overrides)
        flags = [flag for value in values for flag in ("--set", value)]
        return self.run("-m", "pipelines.main", "build", "configs/build/mini.yaml", "--output", str(output), *flags)

    @contextlib.contextmanager
    def changed(self, *names: str) -> Iterator[None]:
        """These files are afterwards as they are now, or not there."""
        before = {name: path.read_bytes() if (path := self.root / name).is_file() else None for name in names}
        yield
        for name, data in before.items():
            path = self.root / name
            if data is not None:
                path.write_bytes(data)
            elif path.is_file():
                path.unlink()


def copied(root: pathlib.Path) -> Tree:
    """The packages, their configurations, pages and tests, into ``root``."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=_NOT_COPIED)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, root)
    return Tree(root)


def stopped(outcome: tuple[bool, str], says: str) -> None:
    """It did not end well, and said why."""
    ended_well, said = outcome
    assert not ended_well and says in said, said[-3000:]


def went(outcome: tuple[bool, str]) -> str:
    ended_well, said = outcome
    assert ended_well, said[-3000:]
    return said
