"""JSON of unknown origin → plain values, within bounds that do not depend on the interpreter that reads it."""

from __future__ import annotations

import json
import re
from typing import Any

#: Deepest nesting of lists and objects. Records and tool definitions have ten levels at most; Python's parser gives up
#: somewhere below a thousand, depending on who called it.
MAX_DEPTH = 100

_NEXT_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:(")|\\?\Z)|[\[\]{}]', re.DOTALL)  # a whole string, or a bracket
#: What is said of a value that cannot be read, by whatever it was found out.
TOO_DEEP = f"lists and objects nested more than {MAX_DEPTH} deep"
TOO_MANY_DIGITS = "a number of more digits than can be read"


def decode(text: str) -> Any:
    """The value; raises ValueError, whose text says what is wrong and never depends on the Python version's stack."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at character {error.pos})") from error
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    except ValueError as error:  # Python's own bound
        raise ValueError(TOO_MANY_DIGITS) from error
    check_depth(value, text.count("[") + text.count("{"))
    return value


def check_depth(value: Any, brackets: int) -> None:
    """Raises ValueError for a value deeper than :data:`MAX_DEPTH`; ``brackets``, opened in all, bound it from above."""
    level = [value] if brackets > MAX_DEPTH else []
    for _ in range(MAX_DEPTH + 1):
        containers = [one for one in level if isinstance(one, (list, dict))]
        if not containers:
            return
        level = [inner for one in containers for inner in (one.values() if isinstance(one, dict) else one)]
    raise ValueError(TOO_DEEP)


def end_of_value(text: str, start: int) -> int | None:
    """Where the list or object that begins at ``start`` ends, however deep it is; None when it ends behind ``text``."""
    depth = 0
    for token in _NEXT_TOKEN.finditer(text, start):
        if token[0] in "[{":
            depth += 1
        elif token[0].startswith('"'):
            if not token[1]:
                return None
        else:
            depth -= 1
            if depth <= 0:
                return token.end()
    return None
