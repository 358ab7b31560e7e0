"""Settings of the stage."""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence

import xxhash
from pydantic import Field, field_validator

from transforms.configuration import NOT_FINGERPRINTED
from transforms.errors import ConfigError
from transforms.instruct.categorising.rules import CATEGORY, read_rules
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath, absolute


class CategoriseSettings(StageSection):
    """What a row teaches: by its source, else by the first rule that is true of it."""

    sources: dict[str, str] = Field({}, description="source → the category of all its rows; rules are not asked")
    rules: str | None = Field(
        None,
        description="a YAML file of rules; null: the one that is shipped, instruct/categories.yaml",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    with_media: str = Field(
        "general_vqa", pattern=CATEGORY, description="of rows with an image or a video that no rule knows"
    )
    without_media: str = Field("text", pattern=CATEGORY, description="of rows of text alone that no rule knows")

    @field_validator("rules")
    @classmethod
    def _whole(cls, path: str | None) -> str | None:
        return absolute(path) if path else None

    @property
    def rule_file(self) -> StoragePath:
        shipped = importlib.resources.files("evenweave") / "configs" / "instruct" / "categories.yaml"
        return StoragePath.of(self.rules or str(shipped))

    def digests(self) -> dict[str, str]:
        if not self.rule_file.is_file():
            raise ConfigError(f"categorise.rules: no file at {self.rule_file}")
        return {"rules": xxhash.xxh3_128_hexdigest(self.rule_file.read_bytes())}

    def check(self, sources: Sequence[InstructSource]) -> None:
        read_rules(self.rule_file)
        known = {source.name for source in sources}
        if foreign := sorted(set(self.sources) - known):
            raise ConfigError(f"categorise.sources names {foreign[0]}; the sources are {', '.join(sorted(known))}")
