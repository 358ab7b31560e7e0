"""What a shape of records must say of itself, and what is read from one of its records."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeGuard

from transforms.conversations.adapters import Conversation
from transforms.instruct.grounding.notations import BOX_FIELDS

#: What records call themselves, the commonest first.
KEY_FIELDS = ("id", "key", "uid", "question_id")
LICENCE_FIELDS = ("license", "licence")
LANGUAGE_FIELDS = ("language", "lang")
#: What is read from records of every shape.
EVERYWHERE = (
    frozenset(("image", "images", "video", "videos", *KEY_FIELDS, *LICENCE_FIELDS, *LANGUAGE_FIELDS)) | BOX_FIELDS
)


class StatedAnswer(NamedTuple):
    """Of the answer in turn ``message``: what the record offers or accepts, and the places of the right ones."""

    message: int
    choices: tuple[str, ...]
    correct: tuple[int, ...]


class Reading(NamedTuple):
    """What a record says, texts as they are found."""

    conversation: Conversation
    answers: tuple[StatedAnswer, ...] = ()


class Adapter(ABC):
    """One shape. ``name`` stands in configurations; ``fields`` are those of a record that it understands beside those
    of every shape, and ``turn_fields`` those of the items of one of them; ``example`` is a smallest record."""

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def description(self) -> str:
        """Its fields, and where it is met."""

    @property
    @abstractmethod
    def fields(self) -> frozenset[str]: ...

    @property
    @abstractmethod
    def example(self) -> Mapping[str, Any]: ...

    turn_fields: Mapping[str, frozenset[str]] = MappingProxyType({})

    @abstractmethod
    def recognises(self, record: Mapping[str, Any]) -> bool:
        """By its fields alone; a record that is recognised may still lack what its shape demands."""

    @abstractmethod
    def read(self, record: Mapping[str, Any], place_media: bool) -> Reading:
        """``place_media``: media that no turn shows stand before the first question.

        Raises UnusableError, with its reason, for a record that cannot be understood.
        """

    def unexpected_keys(self, record: Mapping[str, Any]) -> Iterator[str]:
        """Fields that nothing is read from: ``name``, or ``turns[].name`` of an item."""
        yield from (key for key in map(str, record) if key not in self.fields and key not in EVERYWHERE)
        for field, known in self.turn_fields.items():
            turns = record.get(field)
            keys = (key for turn in turns if isinstance(turn, Mapping) for key in turn) if is_list(turns) else ()
            yield from (f"{field}[].{key}" for key in dict.fromkeys(map(str, keys)) if key not in known)


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """A list of any kind, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
