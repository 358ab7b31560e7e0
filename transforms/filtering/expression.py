"""A condition over columns, in a small part of Python's syntax, made into an expression of Arrow.

The text is parsed, never evaluated: what is not listed here is refused with its position. Numbers are float64, so that
no product overflows. A column that is null, and a division by zero, have no value; nor has what is computed from them,
except where `and` and `or` are settled by their other side (Kleene's logic, as in SQL).
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import acero

#: What a part of an expression stands for; only a condition may be true.
Kind = Literal["number", "text", "condition"]

#: The columns of annotations that mean something to a person.
COLUMNS: dict[str, Kind] = {
    "key": "text",
    "source": "text",
    "shard": "text",
    "member_bytes": "number",
    "format": "text",
    "width": "number",
    "height": "number",
    "caption": "text",
    "lang": "text",
    "caption_similarity": "number",
}

_MOST_CHARACTERS = 2000  # nothing that a person writes is longer, and Arrow walks what is nested by recursion
_MOST_DEEP = 100

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """An expression that is true, false or null of each row, and the columns that it looks at."""

    expression: pc.Expression
    columns: tuple[str, ...]

    def holds(self, table: pa.Table) -> pa.Array:
        """(N,) bool without nulls: whether the condition is true of each row."""
        source = acero.Declaration("table_source", acero.TableSourceNodeOptions(table))
        project = acero.Declaration("project", acero.ProjectNodeOptions([self.expression], ["holds"]), [source])
        column = project.to_table(use_threads=False)["holds"]
        return pc.fill_null(column.combine_chunks(), False)


@functools.cache
def parse_expression(text: str) -> Condition:
    """Raises ValueError that says where ``text`` holds what cannot be read, and what could stand there."""
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"an expression has at most {_MOST_CHARACTERS} characters, this one {len(text)}")
    stripped = text.strip()
    try:
        tree = ast.parse(stripped, mode="eval")
    except SyntaxError as error:
        before = sum(len(line) + 1 for line in stripped.splitlines()[: (error.lineno or 1) - 1])
        # without an offset it ends too early
        offset = before + error.offset - 1 if error.offset else len(stripped)
        raise _fault(stripped, error.msg, offset) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"the expression cannot be read: {error}") from None
    compiler = _Compiler(stripped)
    expression = compiler.compile(tree.body, "condition")
    return Condition(expression, tuple(sorted(compiler.columns)))


def _fault(text: str, message: str, offset: int) -> ValueError:
    line = " ".join(text.splitlines())
    return ValueError(f"{message}, at character {offset + 1}:\n    {line}\n    {' ' * offset}^")


class _Compiler:
    """Each method gives an Arrow expression, its kind known beforehand or returned with it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self.columns: set[str] = set()

    def compile(self, node: ast.expr, wanted: Kind) -> pc.Expression:
        expression, kind = self._any(node)
        if kind != wanted:
            hint = ": compare it with something" if wanted == "condition" else ""
            raise self._at(node, f"a {wanted} is wanted here, and this is a {kind}{hint}")
        return expression

    def _any(self, node: ast.expr) -> tuple[pc.Expression, Kind]:
        self._depth += 1
        if self._depth > _MOST_DEEP:
            raise self._at(node, f"nested more than {_MOST_DEEP} deep")
        try:
            match node:
                case ast.Name():
                    return self._column(node)
                case ast.Constant():
                    return self._constant(node)
                case ast.BoolOp():
                    return self._logic(node), "condition"
                case ast.UnaryOp(op=ast.Not()):
                    return ~self.compile(node.operand, "condition"), "condition"
                case ast.UnaryOp(op=ast.USub()):
                    return pc.negate(self.compile(node.operand, "number")), "number"
                case ast.BinOp():
                    return self._arithmetic(node), "number"
                case ast.Compare():
                    return self._comparisons(node), "condition"
        finally:
            self._depth -= 1
        raise self._at(
            node,
            "an expression is made of columns, numbers, texts, + - * /, comparisons, in [..], is None, and, or, not",
        )

    def _column(self, node: ast.Name) -> tuple[pc.Expression, Kind]:
        kind = COLUMNS.get(node.id)
        if kind is None:
            raise self._at(node, f"there is no column {node.id}; there are {', '.join(COLUMNS)}")
        self.columns.add(node.id)
        column = pc.field(node.id)
        return (column.cast(pa.float64()) if kind == "number" else column), kind

    def _constant(self, node: ast.Constant) -> tuple[pc.Expression, Kind]:
        value = self._value(node)
        return pc.scalar(value), "text" if isinstance(value, str) else "number"

    def _value(self, node: ast.expr) -> str | float:
        negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        constant = node.operand if isinstance(node, ast.UnaryOp) and negative else node
        if isinstance(constant, ast.Constant):
            if isinstance(constant.value, str) and not negative:
                return constant.value
            if isinstance(constant.value, int | float) and not isinstance(constant.value, bool):
                try:
                    return -float(constant.value) if negative else float(constant.value)
                except OverflowError:
                    raise self._at(node, "this number is too large") from None
        raise self._at(node, "a number or a text in quotes is wanted here")

    def _logic(self, node: ast.BoolOp) -> pc.Expression:
        parts = [self.compile(value, "condition") for value in node.values]
        return functools.reduce(operator.and_ if isinstance(node.op, ast.And) else operator.or_, parts)

    def _arithmetic(self, node: ast.BinOp) -> pc.Expression:
        left, right = self.compile(node.left, "number"), self.compile(node.right, "number")
        if isinstance(node.op, ast.Div):
            return left / pc.if_else(right == pc.scalar(0.0), pc.scalar(pa.scalar(None, pa.float64())), right)
        if operation := _ARITHMETIC.get(type(node.op)):
            return operation(left, right)
        raise self._at(node, "of arithmetic there is + - * /")

    def _comparisons(self, node: ast.Compare) -> pc.Expression:
        """``a < b <= c`` is ``a < b and b <= c``."""
        pairs = zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)
        return functools.reduce(operator.and_, [self._comparison(*pair) for pair in pairs])

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> pc.Expression:
        if isinstance(op, ast.Is | ast.IsNot):
            if not _is_null(right):
                raise self._at(right, "`is` and `is not` stand before None only; compare by == or !=")
            null = self._any(left)[0].is_null()
            return ~null if isinstance(op, ast.IsNot) else null
        for side in (left, right):
            if _is_null(side):
                raise self._at(side, "nothing equals None: write `is None` or `is not None`")
        if isinstance(op, ast.In | ast.NotIn):
            found = self._is_in(left, right)
            return ~found if isinstance(op, ast.NotIn) else found
        expression, kind = self._any(left)
        if kind == "condition":
            raise self._at(left, "a condition cannot be compared: join conditions by and, or, not")
        return _COMPARISONS[type(op)](expression, self.compile(right, kind))

    def _is_in(self, left: ast.expr, right: ast.expr) -> pc.Expression:
        if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
            raise self._at(right, "after `in` stands a list: lang in ['en', 'zh']")
        expression, kind = self._any(left)
        values = [self._value(element) for element in right.elts]
        for element, value in zip(right.elts, values, strict=True):
            if isinstance(value, str) != (kind == "text"):
                raise self._at(element, f"a {kind} is looked for in this list, which this is not")
        nothing = pc.scalar(pa.scalar(None, pa.bool_()))  # Arrow finds null in no list, which `not` would make true
        return pc.if_else(expression.is_null(), nothing, expression.isin(pa.array(values)))

    def _at(self, node: ast.expr, message: str) -> ValueError:
        before = self._text.splitlines()[: node.lineno - 1]
        line = self._text.splitlines()[node.lineno - 1].encode()
        return _fault(self._text, message, sum(len(one) + 1 for one in before) + len(line[: node.col_offset].decode()))


def _is_null(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or (isinstance(node, ast.Name) and node.id == "null")
