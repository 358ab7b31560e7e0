"""Shapes that hold whole conversations: turns by role, turns by speaker, and pairs of question and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from transforms.conversations.adapters import Conversation, conversation_of
from transforms.conversations.document import Message
from transforms.conversations.shapes import ALPACA, CONVERSATIONS, MESSAGES, Turns, UnusableError
from transforms.instruct.adapters.base import Adapter, Reading, is_list
from transforms.rejects import Reason

_REASONING_FIELDS = ("reasoning_content", "reasoning")  # DeepSeek's and Qwen's servers; OpenRouter's
#: Whether an answer is learnt: OpenAI's fine-tuning (weight 0 or 1), and the same said as a truth value elsewhere.
_TRAIN_FIELDS = ("weight", "train", "loss")
_ABOUT_TURNS = frozenset((*_REASONING_FIELDS, *_TRAIN_FIELDS, "tool_calls"))


class Messages(Adapter):
    name = "messages"
    description = "turns of role and content, content text or a list of parts: OpenAI, Qwen, LLaMA-Factory"
    fields = frozenset(("messages", "system", "tools"))
    turn_fields = MappingProxyType({"messages": _ABOUT_TURNS | {"role", "content", "tool_call_id", "name"}})
    example = MappingProxyType(
        {
            "messages": [{"role": "user", "content": "<image>What?"}, {"role": "assistant", "content": "A cat."}],
            "images": ["cat.jpg"],
        }
    )

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return MESSAGES.is_of(record)

    def read(self, record: Mapping[str, Any], place_media: bool) -> Reading:
        return Reading(_of_turns(record, MESSAGES.turns(record), place_media))


class Conversations(Adapter):
    name = "conversations"
    description = "turns of from and value, with placeholders in the texts: ShareGPT, LLaVA, LLaVA-OneVision"
    fields = frozenset(("conversations", "system", "tools"))
    turn_fields = MappingProxyType({"conversations": _ABOUT_TURNS | {"from", "value"}})
    example = MappingProxyType(
        {
            "conversations": [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A cat."}],
            "image": "cat.jpg",
        }
    )

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return CONVERSATIONS.is_of(record)

    def read(self, record: Mapping[str, Any], place_media: bool) -> Reading:
        return Reading(_of_turns(record, CONVERSATIONS.turns(record), place_media))


class Alpaca(Adapter):
    name = "alpaca"
    description = "instruction, input and output, with system and history: Stanford Alpaca, LLaMA-Factory"
    fields = frozenset(("instruction", "input", "output", "system", "history", "tools"))
    example = MappingProxyType({"instruction": "Add.", "input": "1 2", "output": "3"})

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return ALPACA.is_of(record)

    def read(self, record: Mapping[str, Any], place_media: bool) -> Reading:
        return Reading(conversation_of(record, ALPACA.turns(record), place_media=place_media))


class Cauldron(Adapter):
    name = "cauldron"
    description = "texts of user and assistant over images that stand before them all: HuggingFaceM4/the_cauldron"
    fields = frozenset(("texts",))
    turn_fields = MappingProxyType({"texts": frozenset(("user", "assistant"))})
    example = MappingProxyType(
        {"texts": [{"user": "What?", "assistant": "A cat.", "source": "x"}], "images": [{"path": "cat.jpg"}]}
    )

    def recognises(self, record: Mapping[str, Any]) -> bool:
        texts = record.get("texts")
        return is_list(texts) and all(isinstance(one, Mapping) and "user" in one for one in texts or ())

    def read(self, record: Mapping[str, Any], place_media: bool) -> Reading:  # noqa: ARG002 - the shape itself places
        turns = [
            {"role": role, "content": text.get(role)} for text in record["texts"] for role in ("user", "assistant")
        ]
        found = Turns(turns, "role", "content")
        return Reading(conversation_of({"images": record.get("images")}, found, place_media=True))


def _of_turns(record: Mapping[str, Any], turns: Turns, place_media: bool) -> Conversation:
    """The conversation, with what its turns say of themselves: thoughts, and whether they are learnt."""
    conversation = conversation_of(record, turns, has_system=True, place_media=place_media)
    before = len(conversation.messages) - len(turns.turns)  # a system prompt that stands beside the turns
    messages = [
        _about(message, turn) for message, turn in zip(conversation.messages[before:], turns.turns, strict=True)
    ]
    return Conversation(
        (*conversation.messages[:before], *messages), conversation.images, conversation.videos, conversation.tools
    )


def _about(message: Message, turn: Mapping[str, Any]) -> Message:
    if message.role != "assistant":
        return message
    reasoning = next((turn[field] for field in _REASONING_FIELDS if turn.get(field)), None)
    if reasoning is not None and not isinstance(reasoning, str):
        raise UnusableError(Reason.MALFORMED_RECORD, f"the reasoning of a turn is {type(reasoning).__name__}, not text")
    train = not any(turn.get(field) is not None and not turn[field] for field in _TRAIN_FIELDS)
    return message if reasoning is None and train else replace(message, reasoning=reasoning, train=train)
