"""The rules of the filter stage, each off until it is set."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.filtering.expression import parse_expression


class FilterSettings(Settings):
    """Rules in the order in which they are asked: the first that refuses an image is its reason.

    An image without a caption passes every rule on captions: whether it may come in is said by its source.
    """

    min_side: int | None = Field(None, ge=1, description="pixels of the shorter side")
    max_aspect_ratio: float | None = Field(None, ge=1, description="longer side / shorter side")
    min_words: int | None = Field(
        None, ge=1, description="words of a caption, between spaces; not asked of zh, ja and th, which write none"
    )
    max_words: int | None = Field(None, ge=1, description="as min_words")
    min_characters: int | None = Field(None, ge=1, description="characters of a caption in zh, ja and th")
    max_characters: int | None = Field(None, ge=1, description="as min_characters")
    languages: dict[str, list[str]] | None = Field(
        None,
        description="source → the languages that its captions may be in, und where untold ones may stay; a source "
        "that is not named takes any. Its own language must be auto, or nothing was told",
    )
    min_letter_share: float | None = Field(
        None, gt=0, le=1, description="letters and their marks, of all characters of a caption that are no space"
    )
    blocked_words: str | None = Field(
        None,
        min_length=1,
        description="a text file with a word or phrase a line, # before a comment; case and width of letters do not "
        "matter. Found as whole words, those in Han, kana or Thai anywhere",
        json_schema_extra=NOT_FINGERPRINTED,  # its content is an input
    )
    min_caption_similarity: float | None = Field(
        None,
        ge=-1,
        le=1,
        description="cosine of image and caption under the run's encoder; takes retrieval.caption_similarity: true",
    )
    expression: str | None = Field(
        None,
        description="a condition over columns in Python's syntax, true of what stays: width * height >= 40000; one "
        "without a value, as of a column that is null, is not true",
    )
    max_caption_images: int | None = Field(
        None,
        ge=1,
        description="a caption on more images of the corpus than this is boilerplate, and all of them go; counted "
        "over all that was annotated, whatever the other rules drop",
    )
    partitions: int = Field(
        64,
        ge=1,
        description="max_caption_images: parts that captions are counted in; distinct captions / partitions, at 16 "
        "bytes each, must fit a worker's memory",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    @property
    def is_on(self) -> bool:
        """Whether any rule is."""
        return any(getattr(self, name) is not None for name in type(self).model_fields if name != "partitions")

    @property
    def expression_columns(self) -> tuple[str, ...]:
        return parse_expression(self.expression).columns if self.expression is not None else ()

    @property
    def takes_similarity(self) -> bool:
        """Whether a rule looks at the similarity of image and caption."""
        return self.min_caption_similarity is not None or "caption_similarity" in self.expression_columns

    @field_validator("expression")
    @classmethod
    def _expression_can_be_read(cls, expression: str | None) -> str | None:
        if expression is not None:
            parse_expression(expression)
        return expression

    @model_validator(mode="after")
    def _bounds_leave_something(self) -> Self:
        for unit in ("words", "characters"):
            least, most = getattr(self, f"min_{unit}"), getattr(self, f"max_{unit}")
            if least is not None and most is not None and least > most:
                raise ValueError(f"min_{unit} is {least}, above max_{unit} {most}: no caption could stay")
        if self.languages is not None and (empty := [name for name, few in self.languages.items() if not few]):
            raise ValueError(f"languages.{empty[0]} is empty: name at least one language, or leave the source out")
        return self
