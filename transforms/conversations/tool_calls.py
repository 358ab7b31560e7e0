"""Tools as text: how Qwen2.5's chat template writes definitions, calls and results (the Hermes convention).

Source of the wording: ``chat_template`` in the tokenizer_config.json of Qwen2.5 and Qwen3 instruct models. Written
into the turns once, here, so that the vision chat template, which knows no tools, renders them unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from transforms.bounded_json import decode

_HEADING = (
    "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
)
_INSTRUCTION = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    '<tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n'
    "</tool_call>"
)

#: What a result stands between, in a user turn.
RESULT_OPEN, RESULT_CLOSE = "<tool_response>\n", "\n</tool_response>"


def tools_text(tools: Any) -> str:
    """What follows the system prompt when there are tools; empty when there are none.

    ``tools`` is a list of definitions, or JSON text of one; a bare function is wrapped as ``{"type": "function"}``.
    Raises ValueError when it is neither.
    """
    definitions = _decoded(tools) if isinstance(tools, str) and tools.strip() else tools
    if not definitions:
        return ""
    if not isinstance(definitions, list) or not all(isinstance(tool, Mapping) for tool in definitions):
        raise ValueError("tools must be a list of function definitions")
    lines = [tool if "type" in tool and "function" in tool else _as_function(tool) for tool in definitions]
    return _HEADING + "".join("\n" + _encoded(line) for line in lines) + _INSTRUCTION


def calls_text(calls: Any) -> str:
    """One call or a list of them (``{"name", "arguments"}``, also as JSON text or wrapped in ``function``) → text.

    Raises ValueError for anything else.
    """
    decoded = _decoded(calls) if isinstance(calls, str) else calls
    return "\n".join(_call_text(call) for call in (decoded if isinstance(decoded, list) else [decoded]))


def _call_text(call: Any) -> str:
    call = call.get("function", call) if isinstance(call, Mapping) else call
    if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
        raise ValueError("a tool call must have a name and arguments")
    arguments = call.get("arguments", {})
    arguments = _decoded(arguments) if isinstance(arguments, str) else arguments
    return f"<tool_call>\n{_encoded({'name': call['name'], 'arguments': arguments})}\n</tool_call>"


def _as_function(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": dict(tool)}


def _decoded(text: str) -> Any:
    try:
        return decode(text)
    except ValueError as error:
        raise ValueError(f"{error}: {text[:80]!r}") from error


def _encoded(value: Any) -> str:
    """Raises ValueError for NaN and infinities, which Python reads and writes, and JSON does not know."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ValueError("a tool call or definition holds a number that JSON does not know: NaN or Infinity") from error
