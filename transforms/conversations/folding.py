"""What a template without tools and thoughts has no place for, as text in the turns: as Qwen3's template writes it.

Rows keep these apart; a document, which is what is tokenised, holds them folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from transforms.conversations.document import DEFAULT_SYSTEM_PROMPT, Message, Part, Text
from transforms.conversations.tool_calls import RESULT_CLOSE, RESULT_OPEN, tools_text
from transforms.conversations.turns import joined_texts


def fold(messages: Sequence[Message], tools: str = "") -> tuple[Message, ...]:
    """Definitions after the system prompt, results of one round of calls in one user turn, reasoning before its answer.

    ``tools`` is JSON text of the definitions. Raises ValueError when it is none.
    """
    folded: list[Message] = []
    for role, turns in groupby(messages, key=lambda message: message.role):
        if role == "tool":
            folded.append(_results(list(turns)))
        else:
            folded += [with_reasoning(message) for message in turns]
    definitions = tools_text(tools)
    if not definitions:
        return tuple(folded)
    if not (folded and folded[0].role == "system"):
        folded = [Message("system", (Text(DEFAULT_SYSTEM_PROMPT),)), *folded]
    return (replace(folded[0], content=joined_texts((*folded[0].content, Text(definitions)))), *folded[1:])


def _results(turns: Sequence[Message]) -> Message:
    parts: list[Part] = []
    for turn in turns:
        parts += [Text("\n")] if parts else []
        parts += [Text(RESULT_OPEN), *turn.content, Text(RESULT_CLOSE)]
    return Message("user", joined_texts(parts))


def with_reasoning(message: Message) -> Message:
    """What was thought before an answer, in its text."""
    if message.reasoning is None:
        return message
    # chat_template of Qwen3's tokenizer_config.json
    thought = Text("<think>\n" + message.reasoning.strip("\n") + "\n</think>\n\n")
    return replace(message, content=joined_texts((thought, *message.content)), reasoning=None)
