"""Where samples come from, and in which form."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings

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
        description="ISO 639 code of the captions; auto: told from each caption",
    )
    caption: Literal["required", "optional"] = Field(
        default="required", description="whether a sample without a caption is rejected or kept"
    )
    captions: str | None = Field(
        default=None,
        description="folder only: CSV, TSV or JSON Lines file with the image's name (file, file_name or image) and its "
        "caption (caption or text); a bare name lies in the folder itself; null: a .txt beside each image",
    )
    image_column: str = Field(
        default="image", description="parquet only: column of image bytes, or of struct{bytes, path}"
    )
    caption_column: str = Field(default="caption", description="parquet only: column of captions")
    key_column: str | None = Field(
        default=None, description="parquet only: column of keys; null: the number of the row"
    )

    @model_validator(mode="after")
    def _captions_belong_to_folders(self) -> SourceSettings:
        if self.captions is not None and self.format != "folder":
            raise ValueError(f"captions is a setting of format folder; source {self.name} has format {self.format}")
        return self
