"""What the settings of all stages have in common that ask a model, and what such a stage is."""

from __future__ import annotations

import importlib.resources
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, field_validator

from transforms.configuration import NOT_FINGERPRINTED
from transforms.instruct.asking.prompts import Prompt, read_prompt
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.request import Request, ShownImage
from transforms.instruct.asking.settings import ServerSettings
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.rows import Row
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource
from transforms.storage import absolute

Replies = Callable[[bytes], Reply | None]


class AskedSection(StageSection):
    """The settings of a stage that asks a model."""

    shipped: ClassVar[str]  # the prompt in configs/instruct/prompts
    variables: ClassVar[Collection[str]]  # what it may name

    server: str | None = Field(None, description="which of servers is asked; a stage that runs must name one")
    prompt: str | None = Field(
        None,
        description="a YAML file of templates; null: the one that is shipped",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    @field_validator("prompt")
    @classmethod
    def _whole(cls, path: str | None) -> str | None:
        return absolute(path) if path else None

    def read_prompt(self) -> Prompt:
        """Raises ConfigError for a file that is none, or names a variable that there is not."""
        shipped = importlib.resources.files("evenweave") / "configs" / "instruct" / "prompts" / f"{self.shipped}.yaml"
        return read_prompt(self.prompt or str(shipped), self.variables)

    def named_servers(self) -> dict[str, str | None]:
        return {"server": self.server}

    def digests(self) -> dict[str, str]:
        return {"prompt": self.read_prompt().digest.hex()}

    def check(self, sources: Sequence[InstructSource]) -> None:  # noqa: ARG002 - holds for all of them
        self.read_prompt()


@dataclass(frozen=True)
class AskedStage(ABC):
    """What a stage asks of rows, and what it makes of the replies. Pickled for workers."""

    settings: AskedSection
    server: ServerSettings

    def requests(self, rows: Sequence[Row]) -> Iterator[Request]:
        """All whose replies :meth:`judge` looks up."""
        return (request for row in rows for _, request in self._asked(row))

    @abstractmethod
    def judge(self, rows: Sequence[Row], replies: Replies) -> Outcome:
        """``replies``: by the key of a request."""

    @abstractmethod
    def _asked(self, row: Row) -> Iterator[tuple[Any, Request]]:
        """Of one row, each request with what it is about."""

    @cached_property
    def _prompt(self) -> Prompt:
        return self.settings.read_prompt()

    def _request(self, values: Mapping[str, object], images: tuple[ShownImage, ...] = ()) -> Request:
        """The prompt filled with ``values``, to the server of the stage."""
        return Request.to(self.server, self._prompt.turns(values, images), self._prompt.digest)
