"""Settings of the stage."""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence

import xxhash
from pydantic import Field, field_validator, model_validator

from transforms.configuration import NOT_FINGERPRINTED
from transforms.errors import ConfigError
from transforms.instruct.categorising.rules import CATEGORY
from transforms.instruct.composing.wording import TASKS, Task, read_wording
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath, absolute


class ComposeSettings(StageSection):
    """Which rows about several pictures are made, and how many."""

    share: float = Field(0.0, ge=0, le=1, description="rows made, of the rows that come in, at most; 0: none is made")
    tasks: list[Task] = Field(
        list(TASKS),
        min_length=1,
        description="find: which picture has an answer; compare: whether two have the same; order: by a number",
    )
    min_images: int = Field(2, ge=2, le=16, description="of a row to find one in; a row to order has three at least")
    max_images: int = Field(4, ge=2, le=16, description="of a row; to compare there are always two")
    category: str = Field("multi_image", pattern=CATEGORY, description="of the rows that are made")
    wording: str | None = Field(
        None,
        description="a YAML file of templates; null: the one that is shipped, instruct/compose.yaml",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    @field_validator("wording")
    @classmethod
    def _whole(cls, path: str | None) -> str | None:
        return absolute(path) if path else None

    @model_validator(mode="after")
    def _in_order(self) -> ComposeSettings:
        if self.max_images < self.min_images:
            raise ValueError(f"max_images ({self.max_images}) is less than min_images ({self.min_images})")
        return self

    @property
    def wording_file(self) -> StoragePath:
        shipped = importlib.resources.files("evenweave") / "configs" / "instruct" / "compose.yaml"
        return StoragePath.of(self.wording or str(shipped))

    def digests(self) -> dict[str, str]:
        if not self.wording_file.is_file():
            raise ConfigError(f"compose.wording: no file at {self.wording_file}")
        return {"wording": xxhash.xxh3_128_hexdigest(self.wording_file.read_bytes())}

    def check(self, sources: Sequence[InstructSource]) -> None:  # noqa: ARG002 - of no source in particular
        read_wording(self.wording_file)
