"""The rules of the house that a machine can keep: who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
import functools
import graphlib
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = ("concept_vocab", "transforms", "model", "evenweave", "pipelines")

#: What each package may import of the others, by prefix of the module.
ALLOWED = {
    "concept_vocab": ("concept_vocab",),
    "transforms": ("concept_vocab", "transforms"),
    "model": (
        "model",
        "transforms.configuration",
        "transforms.conversations.document",
        "transforms.errors",
        "transforms.packing.documents",
        "transforms.packing.layouts.native_reader",
        "transforms.packing.plan.pack_order",
    ),
    "evenweave": ("concept_vocab", "transforms", "model", "evenweave"),
    "pipelines": PACKAGES,
}

#: The shelves of the model, each with those that it may import: what the model is, how it lies on disk, how it learns.
MODEL_SHELVES = {
    "architecture": ("architecture", "errors"),
    "checkpoints": ("architecture", "checkpoints", "errors"),
    "training": ("architecture", "checkpoints", "training", "errors"),
}


def modules(package: str) -> list[pathlib.Path]:
    return sorted((ROOT / package).rglob("*.py"))


def dotted(path: pathlib.Path) -> str:
    """The name that a file is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def imported(path: pathlib.Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    for path in modules(package):
        for name in imported(path):
            if name.split(".")[0] in PACKAGES:
                assert name.startswith(ALLOWED[package]), f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("shelf", MODEL_SHELVES)
def test_shelves_of_the_model_import_one_way(shelf: str) -> None:
    allowed = tuple(f"model.{name}." for name in MODEL_SHELVES[shelf])
    for path in modules(f"model/{shelf}"):
        for name in imported(path):
            if name.split(".")[0] == "model":
                assert name.startswith(allowed), f"{path.relative_to(ROOT)} imports {name}"


def test_imports_have_no_circles() -> None:
    """Not even by imports within functions: a module can be understood after those that it imports."""
    files = {dotted(path): path for package in PACKAGES for path in modules(package)}
    graph = {
        module: {name if name in files else name.rpartition(".")[0] for name in imported(path)} & files.keys()
        for module, path in files.items()
    }
    assert sum(map(len, graph.values())) > len(files)
    tuple(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, naming the circle


def test_few_files_of_the_model_lie_outside_its_shelves() -> None:
    assert len(list((ROOT / "model").glob("*.py"))) <= 8


def test_only_beam_modules_import_beam() -> None:
    for path in [*modules("concept_vocab"), *modules("transforms")]:
        if path.name != "beam.py":
            assert not any(name.startswith("apache_beam") for name in imported(path)), path


@pytest.mark.slow
def test_steps_import_without_beam() -> None:
    """Not even by way of another module: the pure functions serve where Beam is not installed."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in [*modules("concept_vocab"), *modules("transforms")]
        if path.name not in ("beam.py", "__init__.py")
    ]
    code = (
        "import sys, importlib; sys.modules['apache_beam'] = None; [importlib.import_module(n) for n in sys.argv[1:]]"
    )
    subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, check=True, timeout=120)


def test_what_a_step_is_told_cannot_be_lost_unseen() -> None:
    """Beam's in-process runner has lost a collection that a step was told: one value then raises, and a dictionary
    where a key is missing; a list would be empty."""
    silent = {"AsList", "AsIter", "AsMultiMap"}
    for package in ("transforms", "pipelines"):
        for path in modules(package):
            named = {
                node.attr if isinstance(node, ast.Attribute) else node.id
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Attribute | ast.Name)
            }
            assert not named & silent, path


def test_files_are_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in (*PACKAGES, "tests")
        for path in modules(folder)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long, f"over 400 lines: {long}"


def test_functions_fit_a_screen() -> None:
    long = []
    for package in PACKAGES:
        for path in modules(package):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or node.lineno) - node.lineno + 1
                    if lines > 50:
                        long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    assert not long, "\n".join(long)


def test_there_is_no_drawer() -> None:
    names = {path.stem for package in PACKAGES for path in modules(package)}
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_tests_mirror_the_packages() -> None:
    for package in PACKAGES:
        for folder in {path.parent for path in (ROOT / "tests" / package).rglob("test_*.py")}:
            assert (ROOT / folder.relative_to(ROOT / "tests")).is_dir(), f"{folder} mirrors nothing"
