"""Small faults, put into a source text one at a time: each a piece of text replaced by another, in a place.

The operators are fixed, so that scores can be compared. Left alone: annotations, decorators and what stands inside
f-strings (messages), as a fault there changes what is written about the code rather than what it does.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

#: By the class of the syntax tree's node: what is written, and what is written in its place.
_COMPARISONS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
}  # fmt: skip
_ARITHMETIC = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
}  # fmt: skip
_BOOLEANS = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
#: Keywords that state what holds anyway, as an assertion does.
_STATEMENTS = ("strict",)
_EXTREMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True)
class Mutant:
    """One fault: the bytes ``start`` to ``end`` of the source give way to ``text``.

    It is known by operator, line as written, change, and how often that stood above, not by its line's number: so it
    is the same one after lines were added above it.
    """

    operator: str
    start: int
    end: int
    text: str
    line_number: int
    line: str
    change: str
    occurrence: int = 0

    @property
    def name(self) -> tuple[str, str, str, int]:
        return self.operator, self.line, self.change, self.occurrence

    def apply(self, source: str) -> str:
        data = source.encode()
        return (data[: self.start] + self.text.encode() + data[self.end :]).decode()

    def diff(self, source: str) -> str:
        """The lines that it changes, before and after."""
        pairs = zip(source.splitlines(), self.apply(source).splitlines(), strict=False)
        changed = [(before, after) for before, after in pairs if before != after]
        return "\n".join(
            [f"- {before.strip()}" for before, _ in changed] + [f"+ {after.strip()}" for _, after in changed]
        )


def find_mutants(source: str) -> list[Mutant]:
    """All faults that the operators know for a source text, in order of place."""
    text = _Text(source)
    found = sorted({(m.start, m.end, m.text): m for m in _walk(ast.parse(source), text)}.items())
    seen: Counter[tuple[str, str, str, int]] = Counter()
    mutants = []
    for _, mutant in found:
        mutants.append(replace(mutant, occurrence=seen[mutant.name]))
        seen[mutant.name] += 1
    return mutants


class _Text:
    """A source in bytes, with the places of its operators and names."""

    def __init__(self, source: str) -> None:
        self.data = source.encode()
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line.encode()))
        kinds = (tokenize.OP, tokenize.NAME)
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        self._tokens = [(self._place(*token.start), token.string) for token in tokens if token.type in kinds]

    def _place(self, line: int, characters: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1][:characters].encode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends; the tree counts bytes."""
        return (
            self._starts[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
            self._starts[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
        )

    def written(self, node: ast.AST) -> str:
        begin, end = self.span(node)
        return self.data[begin:end].decode()

    def find(self, words: str, begin: int, end: int) -> tuple[int, int]:
        """Where the operator ``words`` stands between two operands; "is not" may have any blanks."""
        first, *more = words.split()
        places = [(place, token) for place, token in self._tokens if begin <= place < end]
        for at, (place, token) in enumerate(places):
            if token == first:
                last = places[at + len(more)]
                return place, last[0] + len(last[1])
        raise LookupError(f"no {words!r} in {self.data[begin:end]!r}")

    def comma_after(self, end: int) -> int:
        """Past the comma that follows an argument, or where the argument ends."""
        place, token = next((place, token) for place, token in self._tokens if place >= end and token in ",)")
        return place + 1 if token == "," else end

    def mutant(self, operator: str, begin: int, end: int, text: str) -> Mutant:
        number = next(at for at, start in enumerate(self._starts) if start > begin)
        old = " ".join(self.data[begin:end].decode().split())
        line = " ".join(self._lines[number - 1].split())
        return Mutant(operator, begin, end, text, number, line, f"{old} → {text}".strip())


def _walk(node: ast.AST, text: _Text) -> Iterator[Mutant]:
    yield from _mutants_of(node, text)
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            is_statement = isinstance(child, ast.keyword) and child.arg in _STATEMENTS
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr) and not is_statement:
                yield from _walk(child, text)


def _mutants_of(node: ast.AST, text: _Text) -> Iterator[Mutant]:
    match node:
        case ast.Compare():
            operands = [node.left, *node.comparators]
            for operator, before, behind in zip(node.ops, operands[:-1], operands[1:], strict=True):
                yield from _swap("comparison", _COMPARISONS, operator, before, behind, text)
        case ast.BinOp():
            yield from _swap("arithmetic", _ARITHMETIC, node.op, node.left, node.right, text)
        case ast.AugAssign() if type(node.op) in _ARITHMETIC:
            old, new = _ARITHMETIC[type(node.op)]
            begin, end = text.find(f"{old}=", text.span(node.target)[1], text.span(node.value)[0])
            yield text.mutant("arithmetic", begin, end, f"{new}=")
        case ast.BoolOp():
            for before, behind in zip(node.values[:-1], node.values[1:], strict=True):
                yield from _swap("boolean", _BOOLEANS, node.op, before, behind, text)
        case ast.UnaryOp(op=ast.Not()):
            yield text.mutant("not", *text.span(node), f"({text.written(node.operand)})")
        case ast.Constant(value=bool()):
            yield text.mutant("boolean", *text.span(node), str(not node.value))
        case ast.Constant(value=int() | float()):
            for step in (1, -1):
                yield text.mutant("constant", *text.span(node), f"({node.value + step!r})")
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield text.mutant("return", *text.span(value), "None")
        case ast.Slice():
            yield from (text.mutant("slice", *text.span(bound), "") for bound in (node.lower, node.upper) if bound)
        case ast.Call():
            yield from _mutants_of_call(node, text)


def _mutants_of_call(node: ast.Call, text: _Text) -> Iterator[Mutant]:
    for keyword in node.keywords:
        if keyword.arg not in (None, *_STATEMENTS):
            begin, end = text.span(keyword)
            yield text.mutant("keyword", begin, text.comma_after(end), "")
    called = node.func
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    if name in _EXTREMES:
        end = text.span(called)[1]
        yield text.mutant("extreme", end - len(name), end, _EXTREMES[name])


def _swap(
    operator: str,
    words: dict[type[ast.AST], tuple[str, str]] | dict[type, tuple[str, str]],
    of: ast.AST,
    before: ast.AST,
    behind: ast.AST,
    text: _Text,
) -> Iterator[Mutant]:
    """The operator between two operands, by its opposite."""
    if type(of) in words:
        old, new = words[type(of)]
        begin, end = text.find(old, text.span(before)[1], text.span(behind)[0])
        yield text.mutant(operator, begin, end, new)
