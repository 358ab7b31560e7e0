"""What the pages and comments of the project say about its files: each file, module and function named is there."""

from __future__ import annotations

import ast
import functools
import importlib.util
import io
import pathlib
import re
import subprocess
import tokenize
from collections.abc import Iterator

from transforms.datasets import CONCEPTS, REJECTS, SELECTION, annotations_schema
from transforms.miniature.corpus import TRUTH

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
FOLDERS = ("concept_vocab", "configs", "docs", "evenweave", "model", "pipelines", "tests", "transforms")
PACKAGES = "concept_vocab|evenweave|model|pipelines|transforms"

_spec = importlib.util.spec_from_file_location("draw_rooms", ROOT / "docs" / "draw_rooms.py")
assert _spec is not None and _spec.loader is not None
draw_rooms = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(draw_rooms)

#: A path from the root, a dotted name of ours, a benchmark by name alone, and a section of a page.
_PATH = re.compile(rf"(?<![\w/.<-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w(?![\w/*%{{<])")
_DOTTED = re.compile(
    rf"(?<![\w/.-])(?:{PACKAGES})(?:\.(?!safetensors\b)\w+)+"
)  # model.safetensors is a file of weights
_BENCHMARK = re.compile(r"(?<![\w/.])bench_\w+")
_SECTION = re.compile(r"\b[A-Z]{3,}(?:\.md)? §")


@functools.cache
def members(file: pathlib.Path) -> set[str]:
    """Names that a module defines, those of its classes as ``Class.name``; of a package also those that it hands on."""
    found = set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if file.name == "__init__.py":
        imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
        found |= {name.asname or name.name for node in imports for name in node.names}
    for node in tree.body:
        for one in [node, *(node.body if isinstance(node, ast.ClassDef) else [])]:
            prefix = f"{node.name}." if isinstance(node, ast.ClassDef) and one is not node else ""
            if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(prefix + one.name)
            elif isinstance(one, ast.Assign | ast.AnnAssign):
                targets = one.targets if isinstance(one, ast.Assign) else [one.target]
                found |= {
                    prefix + name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
                }
    return found


def is_there(dotted: str) -> bool:
    """Whether ``a.b.c`` is a module, or something that a module defines."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        rest = ".".join(parts[length:])
        if path.with_suffix(".py").is_file():
            return not rest or rest in members(path.with_suffix(".py"))
        if (path / "__init__.py").is_file():
            return not rest or rest in members(path / "__init__.py")
    return False


def unknown(text: str) -> Iterator[str]:
    """What ``text`` names that is not there."""
    for path in _PATH.findall(text):
        if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists():
            yield path
    yield from (name for name in _DOTTED.findall(text) if not is_there(name))
    yield from (name for name in _BENCHMARK.findall(text) if not (ROOT / "tests/benchmarks" / f"{name}.py").is_file())
    yield from _SECTION.findall(text)


def prose(file: pathlib.Path) -> Iterator[str]:
    """Comments and docstrings of a Python file; of any other file, all of it."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield re.sub(r"```diff.*?```", "", text, flags=re.DOTALL)  # names what is yet to be there
        return
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node, clean=False) or ""


def files_with_prose() -> list[pathlib.Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    wanted = (".py", ".md", ".yaml", ".toml", "Makefile")
    return [ROOT / name for name in listed.stdout.splitlines() if name.endswith(wanted) and (ROOT / name).is_file()]


def test_the_picture_is_drawn_from_the_imports() -> None:
    drawn = (ROOT / "docs" / "rooms.svg").read_text(encoding="utf-8")
    assert drawn == draw_rooms.draw(), "rooms or imports have changed: run `python docs/draw_rooms.py`"


def test_the_page_names_every_room() -> None:
    rooms, _ = draw_rooms.read_imports()
    named = set(re.findall(r"^\| `([\w/]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert [room for room in rooms if room not in named] == []


def test_the_page_names_every_column() -> None:
    schemas = (annotations_schema(1, 1, caption_similarity=True), SELECTION, REJECTS, CONCEPTS, TRUTH)
    page = PAGE.read_text(encoding="utf-8")
    assert [name for schema in schemas for name in schema.names if f"`{name}`" not in page] == []


def test_what_the_pages_name_in_backticks_is_there() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for name in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
            assert not list(unknown(name)), f"{page.name} names {name}"


def test_relative_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name} links to {target}"


def test_comments_name_only_what_is_there() -> None:
    faults = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in files_with_prose()
        if any(unknown(file.read_text(encoding="utf-8")))  # only then is it worth taking its prose out of its code
        for text in prose(file)
        for name in unknown(text)
    ]
    assert not faults, "\n".join(faults)


def test_a_missing_name_is_found() -> None:
    text = "tests/benchmarks/raking.py transforms.keyed.nothing bench_nothing PAGE §6;transforms.keyed.mix64 README.md"
    assert list(unknown(text)) == ["tests/benchmarks/raking.py", "transforms.keyed.nothing", "bench_nothing", "PAGE §"]
