"""Text with a user's words is never read as rich's markup, where ``[red]`` in a path raises and ``[abc]`` is lost."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.test_imports import PACKAGES, ROOT, modules


def _printed_as_markup(tree: ast.AST) -> list[int]:
    """Lines that hand an f-string to a method called print; a Text or a table is printed as it is."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "print"
        if any(isinstance(argument, ast.JoinedStr) for argument in call.args)
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_console_reads_a_formatted_string_as_markup(package: str) -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in modules(package)
        if (lines := _printed_as_markup(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert not found


def test_the_search_finds_one() -> None:
    assert _printed_as_markup(ast.parse("console.print(f'{path}')\nconsole.print(Text(f'{path}'))")) == [1]
