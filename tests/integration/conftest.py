"""A small corpus, and the chain run over it by the command line, as a user runs it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.main import main
from transforms.miniature.instruct.corpus import write_corpus
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.stages import CHAIN, Stage
from transforms.storage import StoragePath

ROOT = pathlib.Path(__file__).parents[2]
MINI = "configs/build/mini.yaml"
INSTRUCT = "configs/instruct/mini.yaml"
ASKED = "configs/instruct/mini_asked.yaml"
INSTRUCT_ROWS = 4_000
FAULTS = (
    "truncated_image",
    "undecodable_image",
    "empty_image",
    "missing_image",
    "missing_caption",
    "undecodable_caption",
    "exact_duplicate",
    "near_duplicate",
)


def evenweave(*arguments: object, check: bool = True, folder: pathlib.Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command line in this process, in the project's folder or another.

    Torch and the encoder are imported once for all tests. That the installed script does the same is what the run of
    ``finished_run`` shows, to which others are compared.
    """
    command = ["evenweave", *map(str, arguments)]
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(_signal_handlers_kept())
        stack.enter_context(contextlib.redirect_stdout(said))
        stack.enter_context(contextlib.redirect_stderr(complained))
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(sys, "argv", command)
        ended = stack.enter_context(pytest.raises(SystemExit))
        main()
    status = ended.value.code
    done = subprocess.CompletedProcess(command, int(status or 0), said.getvalue(), complained.getvalue())
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def build_until(last: Stage, *arguments: object) -> None:
    """As ``evenweave build``, for tests that do not look at what later stages and the report make."""
    for stage in CHAIN[: CHAIN.index(last) + 1]:
        if not stage.may_be_off:
            evenweave(stage.name, *arguments)


@contextlib.contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    """A command ends with its process, and leaves the system's behind."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def installed_script(*arguments: object) -> None:
    """``evenweave`` as a user runs it: a process of its own."""
    script = pathlib.Path(sys.executable).with_name("evenweave")
    done = subprocess.run(
        [str(script), *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def small_corpus(folder: pathlib.Path, images: int = 800) -> list[str]:
    """Overrides that make ``mini.yaml`` draw a small corpus, rich in faults, into ``folder``."""
    faults = {f"miniature.settings.faults.{fault}": 0.01 for fault in FAULTS}
    settings = {
        "miniature.folder": folder,
        "sources.0.path": folder / "shards",
        "miniature.settings.images": images,
        "miniature.settings.images_per_shard": 100,
        "balance.size": images // 4,
        "export.samples_per_shard": 60,
        "max_reject_share": 0.2,
        "runner.workers": 1,  # in this process, which has the encoder imported
        **faults,
    }
    return as_set(settings)


def small_sets(folder: pathlib.Path, rows: int) -> list[str]:
    """Overrides that make ``configs/instruct/mini.yaml`` draw small instruction sets into ``folder``."""
    return _drawn_into(INSTRUCT, folder, rows, rows * 3 // 10)


def asked_sets(folder: pathlib.Path, rows: int) -> list[str]:
    """The same of ``mini_asked.yaml``, which reads four of the twelve."""
    more = {"guard.show_images": False}  # whose bytes a test's server counts as tokens
    return [*_drawn_into(ASKED, folder, rows, rows * 80 // 700), *as_set(more)]


def as_set(settings: dict[str, object]) -> list[str]:
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def _drawn_into(name: str, folder: pathlib.Path, rows: int, mixed: int) -> list[str]:
    config = yaml.safe_load((ROOT / name).read_text())
    drawn = config["miniature"]["folder"]
    settings = {f"sources.{at}.path": one["path"] for at, one in enumerate(config["sources"])}
    settings |= dict(_paths_below(drawn, {name: config.get(name, {}) for name in ("safety", "decontaminate")}))
    settings = {key: str(value).replace(drawn, str(folder)) for key, value in settings.items()}
    settings |= {"miniature.folder": str(folder), "miniature.settings.rows": str(rows), "max_reject_share": "0.5"}
    settings |= {"mix.size": str(mixed), "decontaminate.canaries": "2", "runner.workers": "1"}
    return as_set(settings)


def _paths_below(folder: str, value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys of the settings that lead into a folder."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths_below(folder, inner, f"{name}.{key}".removeprefix("."))
    if isinstance(value, str) and value.startswith(folder):
        yield name, value


def digests(folder: pathlib.Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_all(folder: pathlib.Path) -> pa.Table:
    """Every Parquet file below a folder as one table."""
    return pa.concat_tables(
        [pq.read_table(path) for path in sorted(folder.rglob("*.parquet"))], promote_options="permissive"
    )


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="session")
def finished_run(corpus: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The whole chain over the small corpus, with two workers. Tests only read it."""
    run = tmp_path_factory.mktemp("run") / "mini"
    installed_script("build", MINI, "--output", run, *small_corpus(corpus), "--set", "runner.workers=2")
    return run


@pytest.fixture(scope="session")
def instruct_corpus(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """``INSTRUCT_ROWS`` rows of the embedded instruction sets, which ``small_sets`` finds drawn. Tests only read it."""
    folder = tmp_path_factory.mktemp("instruct-corpus")
    write_corpus(StoragePath.of(folder), InstructCorpusSettings(rows=INSTRUCT_ROWS))
    return folder


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], pathlib.Path]:
    """Real photographs and tars, which are not part of the project; the test is skipped where they are absent."""

    def find(name: str) -> pathlib.Path:
        folder = pathlib.Path(os.environ.get("EVENWEAVE_REAL_DATA", ROOT.parent / "shared" / "data")) / name
        if not folder.exists():
            pytest.skip(f"no real data at {folder}; set EVENWEAVE_REAL_DATA")
        return folder

    return find
