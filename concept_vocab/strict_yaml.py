"""YAML as people write settings and lists in it, and nothing that is only there to surprise.

PyYAML's safe loader still takes a second key of the same name in silence, lets ten lines of aliases stand for gigabytes
or for themselves, and ends in a ValueError on the thirteenth month. Here each is an error with its line. This lies in
the lowest of the packages, so that word lists and settings are read alike.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

#: Nodes within nodes: the deepest settings have 6.
_MOST_DEPTH = 50
#: Nodes that aliases may add to those that are written: enough for any section that is shared by hand.
_MOST_ALIASED = 10_000
_NO_TEXT = re.compile("[\\0\\ud800-\\udfff]")
_MERGE = "tag:yaml.org,2002:merge"


class YamlError(ValueError):
    """Text that is no YAML, or YAML that is refused; the message says what and on which line."""


def load_yaml(text: str) -> Any:
    """One document as plain values: dicts, lists, strings, numbers, booleans, dates, None. Raises YamlError."""
    loader = _StrictLoader(text)
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise YamlError(str(error)) from error
    finally:
        loader.dispose()


class _StrictLoader(yaml.SafeLoader):
    def __init__(self, text: str) -> None:
        self._depth = 0
        try:
            super().__init__(text)
        except yaml.YAMLError as error:  # characters that no YAML may hold are found before the first line is read
            raise YamlError(str(error)) from error

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self._depth == _MOST_DEPTH:
            raise _fault(f"nested more than {_MOST_DEPTH} deep", self.get_mark())
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None:
            sizes: dict[int, int] = {}
            if _check(node, sizes) - len(sizes) > _MOST_ALIASED:
                raise _fault(f"aliases stand for more than {_MOST_ALIASED} values", node.start_mark)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError) as error:
            kind = str(node.tag).rpartition(":")[2]
            message = f"{node.value!r} cannot be read as {kind} ({error}); put text in quotes"
            raise _fault(message, node.start_mark) from error
        if isinstance(value, str) and _NO_TEXT.search(value):
            raise _fault(f"{value!r} holds a zero or a lone surrogate, which can stand in no file", node.start_mark)
        return value


def _check(node: yaml.Node, sizes: dict[int, int]) -> int:
    """The nodes that ``node`` stands for, aliases written out; ``sizes`` keeps that of each node, 0 within itself."""
    if id(node) in sizes:
        if sizes[id(node)] == 0:
            raise _fault("an alias holds itself", node.start_mark)
        return sizes[id(node)]
    sizes[id(node)] = 0
    children: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        children = node.value
    elif isinstance(node, yaml.MappingNode):
        _check_keys(node)
        children = [child for pair in node.value for child in pair]
    sizes[id(node)] = 1 + sum(_check(child, sizes) for child in children)
    return sizes[id(node)]


def _check_keys(node: yaml.MappingNode) -> None:
    seen: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _fault("a key must be a single value", key.start_mark)
        if key.tag == _MERGE:
            continue
        name = (key.tag, key.value)
        if name in seen:
            raise _fault(f"key {key.value!r} was given on line {seen[name]} already", key.start_mark)
        seen[name] = key.start_mark.line + 1


def _fault(message: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=mark)
