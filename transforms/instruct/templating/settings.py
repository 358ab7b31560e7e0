"""Settings of the stage."""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence

import xxhash
from pydantic import Field, field_validator

from transforms.configuration import NOT_FINGERPRINTED
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource
from transforms.instruct.templating.banks import FORMATS, AnswerFormat, bank_files, read_banks
from transforms.storage import StoragePath, absolute


class TemplatesSettings(StageSection):
    """Where an instruction is missing, where too many rows share one, and where a short answer has not been asked for
    in its form. Every other text stays as it is."""

    banks: str | None = Field(
        None,
        description="a folder of YAML files of templates; null: the one that is shipped, instruct/templates",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    missing: bool = Field(True, description="an instruction where a picture is answered and nothing was asked")
    common_share: float | None = Field(
        0.05,
        gt=0,
        le=1,
        description="another instruction that asks for the same, where one string is more than this share of a "
        "source's questions, as a whole or as their last line; null: none is replaced",
    )
    formats: list[AnswerFormat] = Field(
        list(FORMATS), description="forms of short answers that a question which does not say them is told"
    )

    @field_validator("banks")
    @classmethod
    def _whole(cls, path: str | None) -> str | None:
        return absolute(path) if path else None

    @property
    def folder(self) -> StoragePath:
        shipped = importlib.resources.files("evenweave") / "configs" / "instruct" / "templates"
        return StoragePath.of(self.banks or str(shipped))

    def digests(self) -> dict[str, str]:
        together = xxhash.xxh3_128()
        for path in bank_files(self.folder):
            together.update(xxhash.xxh3_128_digest(path.name.encode()) + xxhash.xxh3_128_digest(path.read_bytes()))
        return {"banks": together.hexdigest()}

    def check(self, sources: Sequence[InstructSource]) -> None:  # noqa: ARG002 - of no source in particular
        read_banks(self.folder)
