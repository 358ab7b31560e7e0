"""What the settings of all stages have in common that ask a model, and what such a stage is."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import ClassVar, Protocol

from pydantic import Field, field_validator

from transforms.configuration import NOT_FINGERPRINTED
from transforms.instruct.asking.prompts import Prompt, read_prompt
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.request import Request
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

    def digests(self) -> dict[str, str]:
        return {"prompt": self.read_prompt().digest.hex()}

    def check(self, sources: Sequence[InstructSource]) -> None:  # noqa: ARG002 - holds for all of them
        self.read_prompt()


class AskedStage(Protocol):
    """What a stage asks of rows, and what it makes of the replies. Pickled for workers."""

    def requests(self, rows: Sequence[Row]) -> Iterator[Request]:
        """All whose replies :meth:`judge` looks up."""
        ...

    def judge(self, rows: Sequence[Row], replies: Replies) -> Outcome:
        """``replies``: by the key of a request."""
        ...
