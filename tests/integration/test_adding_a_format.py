"""A format is added to a copy of the project by the page that tells how; left out in turn, each piece is missed."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.test_imports import PACKAGES
from tests.integration.conftest import ROOT

pytestmark = [pytest.mark.compat, pytest.mark.longest]

SECTION = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8").partition("## How to add a format")[2]
MODULE = "transforms/reading/formats/tsv.py"
NAMES, REGISTRY = "transforms/reading/settings.py", "transforms/reading/formats/__init__.py"
TESTS = "tests/transforms/reading/formats"


def block(language: str) -> str:
    (found,) = re.findall(rf"^   ```{language}\n(.*?)^   ```$", SECTION, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(found)


def edits() -> dict[str, list[tuple[str, str]]]:
    """File → what stands there and what is to stand there, by the page's diff."""
    found: dict[str, list[tuple[str, str]]] = {}
    for part in re.split(r"^--- ", block("diff"), flags=re.MULTILINE)[1:]:
        file, *hunks = re.split(r"\n@@\n", part.rstrip("\n"))
        for hunk in hunks:
            lines = hunk.split("\n")
            was, will_be = ("\n".join(line[1:] for line in lines if line[:1] != mark) for mark in "+-")
            found.setdefault(file, []).append((f"{was}\n", f"{will_be}\n"))
    return found


def replace(file: pathlib.Path, was: str, will_be: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(was) == 1, f"{file.name} has {text.count(was)} times: {was}"
    file.write_text(text.replace(was, will_be), encoding="utf-8")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of the project, with the format added."""
    root = tmp_path_factory.mktemp("copy") / "project"
    for folder in (*PACKAGES, TESTS):
        kept_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, ignore=kept_out, symlinks=True, dirs_exist_ok=True)
    (root / "configs").symlink_to(ROOT / "configs")
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copy(ROOT / "tests" / "conftest.py", root / "tests")
    (root / MODULE).write_text(block("python"), encoding="utf-8")
    for file, changes in edits().items():
        for was, will_be in changes:
            replace(root / file, was, will_be)
    return root


@pytest.fixture
def project(original: pathlib.Path) -> Iterator[pathlib.Path]:
    """To be spoilt; put right again afterwards, in its place, where mypy's cache knows it."""
    kept = original.with_name("kept")
    shutil.copytree(original, kept, symlinks=True)
    yield original
    for file in (MODULE, *edits()):
        shutil.copy2(kept / file, original / file)
    shutil.rmtree(kept)


def run(project: pathlib.Path, *command: str) -> tuple[int, str]:
    environment = {"PYTHONPATH": str(project), "PATH": "", "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def mypy(project: pathlib.Path) -> tuple[int, str]:
    return run(project, "-m", "mypy", "transforms/reading")


def start(project: pathlib.Path) -> tuple[int, str]:
    """As a job does: by settings that name the format."""
    source = "SourceSettings(name='a', format='tsv', path='a.tsv')"
    return run(
        project,
        "-c",
        f"from transforms.reading.settings import SourceSettings; {source}; from transforms.reading import listing",
    )


def contract(project: pathlib.Path) -> tuple[int, str]:
    return run(
        project,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        f"{TESTS}/test_contract.py",
        f"{TESTS}/test_formats.py",
    )


def test_the_format_is_added_as_the_page_tells(original: pathlib.Path) -> None:
    assert len(edits()) <= 3  # two, and the tests' own
    for stopped in (mypy, start, contract):
        code, said = stopped(original)
        assert code == 0, said


PIECES = ("about", "endings", "cut", "guess", "read", "open_images", "decodes_groups", "most_samples", "is_counted")


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_left_out_is_missed(project: pathlib.Path, piece: str) -> None:
    (line,) = re.findall(rf"^    {piece}=.*\n", (project / MODULE).read_text(), re.MULTILINE)
    replace(project / MODULE, line, "")
    for missed in (mypy, start):
        code, said = missed(project)
        assert code != 0 and piece in said, said


@pytest.mark.parametrize(
    ("file", "was", "will_be", "missed", "says"),
    [
        (NAMES, '"tsv", ', "", start, "Input should be"),
        (NAMES, '"tsv", ', "", contract, "TSV is not registered"),
        (
            "transforms/reading/formats/__init__.py",
            '        case "tsv":\n            return TSV\n',
            "",
            mypy,
            "assert_never",
        ),
        (REGISTRY, '        case "tsv":\n            return TSV\n', "", start, "tsv"),
        (REGISTRY, "return TSV", "return FOLDER", contract, "TSV is not registered"),
        (MODULE, "read=_read,", "read=_TsvImages,", mypy, 'Argument "read"'),
        (MODULE, "def close(self)", "def shut(self)", mypy, "close"),
        (MODULE, "seek(member_offset)", "seek(0)", contract, "FAILED"),
        (f"{TESTS}/examples.py", '    "tsv": _tsv,\n', "", contract, "KeyError: 'tsv'"),
        (
            "transforms/reading/listing.py",
            "FORMATS[source.format].cut",
            '("tsv" and FORMATS[source.format]).cut',
            contract,
            "names {'tsv'}",
        ),
    ],
)
def test_what_else_is_left_out_is_missed(
    project: pathlib.Path,
    file: str,
    was: str,
    will_be: str,
    missed: Callable[[pathlib.Path], tuple[int, str]],
    says: str,
) -> None:
    kept = (project / file).read_text(encoding="utf-8")
    replace(project / file, was, will_be)
    try:
        code, said = missed(project)
    finally:
        (project / file).write_text(kept, encoding="utf-8")
    assert code != 0 and says in said, said
