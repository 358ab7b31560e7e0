"""Where samples come from, and in which form."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.scripts import SCRIPT_OF

Format = Literal["webdataset", "parquet", "folder", "interleaved_parquet", "interleaved_webdataset"]

#: Formats that a recipe may name but that :func:`transforms.reading.listing.list_shards` refuses, by name.
NOT_READ_YET: tuple[Format, ...] = ("interleaved_parquet", "interleaved_webdataset")


class SourceSettings(Settings):
    """One source of image-text samples. ``path`` has no part in the fingerprint: the listing of inputs has."""

    name: str = Field(..., pattern=r"^[a-z0-9_]+$", description="name of the source in file names and in the report")
    format: Format = Field(..., description="how the samples are stored")
    path: str = Field(
        ..., min_length=1, description="file, folder or glob pattern, or a URI", json_schema_extra=NOT_FINGERPRINTED
    )
    license: str = Field(default="unknown", description="licence of the source, for the dataset card")
    language: str = Field(
        default="auto",
        pattern=r"^(auto|[a-z]{2,3})$",
        description="ISO 639 code of the captions; auto: told from each caption, among languages",
    )
    languages: list[str] = Field(
        default=["en", "zh"],
        min_length=1,
        description="language auto only: what captions may be in (ISO 639-1); one in none of them is und. A script "
        "that only one of them uses decides by itself and costs next to nothing; for several lingua reads the words",
    )
    min_language_confidence: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="language auto only: a caption is und where less than this share of its letters is of one script, "
        "or lingua gives its likeliest language less; 0.5: likelier than all others together",
    )
    caption: Literal["required", "optional"] = Field(
        default="required", description="whether a sample without a caption is rejected or kept"
    )
    captions: str | None = Field(
        default=None,
        description="folder only: CSV, TSV or JSON Lines file with the image's name (file, file_name or image) and its "
        "caption (caption or text); a bare name lies in the folder itself; null: a .txt beside each image",
    )
    embeddings: str | None = Field(
        default=None,
        min_length=1,
        description="folder of embeddings of these images by the same encoder, as clip-retrieval or keep_embedding "
        "write them (img_emb/*.npy, metadata/*.parquet with keys); null: images are encoded",
        json_schema_extra=NOT_FINGERPRINTED,  # the names and sizes of its files are an input
    )
    image_column: str = Field(
        default="image", description="parquet only: column of image bytes, or of struct{bytes, path}"
    )
    caption_column: str = Field(default="caption", description="parquet only: column of captions")
    key_column: str | None = Field(
        default=None, description="parquet only: column of keys; null: the number of the row"
    )

    @field_validator("languages")
    @classmethod
    def _languages_are_known(cls, languages: list[str]) -> list[str]:
        if unknown := [language for language in languages if language not in SCRIPT_OF]:
            raise ValueError(
                f"{unknown[0]!r} is no language that can be told; known are {', '.join(sorted(SCRIPT_OF))}"
            )
        if len(set(languages)) < len(languages):
            raise ValueError("a language is named twice")
        return languages

    @model_validator(mode="after")
    def _captions_belong_to_folders(self) -> SourceSettings:
        if self.captions is not None and self.format != "folder":
            raise ValueError(f"captions is a setting of format folder; source {self.name} has format {self.format}")
        return self
