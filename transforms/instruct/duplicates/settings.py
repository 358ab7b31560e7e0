"""Settings of the stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED
from transforms.errors import ConfigError
from transforms.instruct.answers.forms import Form
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource


class DuplicatesSettings(StageSection):
    """The same question asked twice: told by images, question and answer together."""

    near_images: bool = Field(
        True, description="take pictures that look alike, and agree pixel by pixel, for one; off: equal bytes alone"
    )
    max_hamming_distance: int = Field(
        4,
        ge=0,
        le=8,
        description="bits of 64 in which the perceptual hashes of two pictures may differ to be compared on pixels",
    )
    max_cropped_distance: int = Field(
        14,
        ge=0,
        le=24,
        description="the same for two pictures with equal texts, which may be crops of one another; 0: none are",
    )
    max_patch_difference: float = Field(
        5.0, gt=0, description="grey levels of 255 by which the worst patch of two pictures that are one may differ"
    )
    near_text: bool = Field(True, description="take questions that differ in few words for one; off: equal wording")
    min_similarity: float = Field(
        0.8, gt=0, le=1, description="share of word sequences that near questions, and near answers, have in common"
    )
    permutations: int = Field(128, ge=16, le=1024, description="of MinHash: more find near texts more surely")
    bands: int = Field(
        16, ge=1, description="of MinHash, each permutations / bands values wide: rows that share one are compared"
    )
    format_phrases: list[str] = Field(
        [], description="sentences that only ask for a form of answer, left out as those are that are known"
    )
    prefer: list[str] = Field(
        [], description="sources whose rows stay rather than others', the first most; then the longest row stays"
    )
    conflicts: Literal["keep_preferred", "drop_both", "keep"] = Field(
        "keep_preferred", description="what becomes of rows that answer the same question on the same images otherwise"
    )
    conflict_forms: list[Form] = Field(
        ["letter", "option", "yes_no", "number", "formula"],
        description="forms of answers that contradict each other where they differ; two free answers do not",
    )
    max_rows_per_image: int | None = Field(
        None, ge=1, description="rows that may show the same images; a keyed choice stays; null: any number"
    )
    join_turns: bool = Field(
        False,
        description="make one conversation of rows of one part that ask other things about the same images, in a keyed "
        "order",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    max_joined_rows: int = Field(
        6, ge=2, description="rows in one such conversation", json_schema_extra=FINGERPRINTED_IF_SET
    )
    pairs: bool = Field(True, description="say which rows are the same in Chinese and in another language")
    min_pair_evidence: int = Field(
        12, ge=1, description="bits that answers of no language (letters, numbers, code) must agree in to make a pair"
    )
    partitions: int = Field(
        64,
        ge=1,
        description="parts that rows are compared in; the numbers of all rows / partitions must fit a worker's memory",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    def once_more(self) -> DuplicatesSettings:
        """For the second time in a chain: conversations that were joined then are as long as they may be."""
        return self.model_copy(update={"join_turns": False})

    def check(self, sources: Sequence[InstructSource]) -> None:
        if unknown := sorted(set(self.prefer) - {source.name for source in sources}):
            raise ConfigError(f"duplicates.prefer names {unknown[0]}, which is no source; name one or leave it out")
        if self.permutations % self.bands:
            raise ConfigError(
                f"duplicates.permutations {self.permutations} cannot be cut into {self.bands} bands; choose a divisor"
            )
