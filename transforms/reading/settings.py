"""Where samples come from, and in which form."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings
from transforms.scripts import SCRIPT_OF

#: What each is: :data:`transforms.reading.formats.FORMATS`.
FormatName = Literal["interleaved_parquet", "interleaved_webdataset", "webdataset", "parquet", "folder"]


def _only(*formats: FormatName) -> dict[str, Any]:
    """Marks a setting that means nothing to sources of other formats."""
    return {"formats": formats}


class SourceSettings(Settings):
    """One source of image-text samples. ``path`` has no part in the fingerprint: the listing of inputs has."""

    name: str = Field(..., pattern=r"^[a-z0-9_]+$", description="name of the source in file names and in the report")
    format: FormatName = Field(..., description="how the samples are stored")
    path: str = Field(
        ...,
        min_length=1,
        description="file, folder or pattern (*.tar, {00000..00123}.tar), or a URI",
        json_schema_extra=NOT_FINGERPRINTED,
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
        json_schema_extra=_only("folder"),
    )
    embeddings: str | None = Field(
        default=None,
        min_length=1,
        description="folder of embeddings of these images by the same encoder, as clip-retrieval or keep_embedding "
        "write them (img_emb/*.npy, metadata/*.parquet with keys); null: images are encoded",
        json_schema_extra=NOT_FINGERPRINTED,  # the names and sizes of its files are an input
    )
    image_column: str = Field(
        default="image",
        description="parquet, and interleaved_parquet where document_images is column: column of image bytes, or of "
        "struct{bytes, path}; of documents a list of them",
        json_schema_extra=_only("parquet", "interleaved_parquet"),
    )
    caption_column: str = Field(
        default="caption", description="parquet only: column of captions", json_schema_extra=_only("parquet")
    )
    key_column: str | None = Field(
        default=None,
        description="parquet only: column of keys; null: the number of the row",
        json_schema_extra=_only("parquet"),
    )

    document_text: Literal["nearest", "alt", "none"] = Field(
        default="nearest",
        description="interleaved formats only: the caption of an image is the paragraph nearest to it, of two equally "
        "near the one behind it; or its alt text; or none",
        json_schema_extra=_only("interleaved_webdataset", "interleaved_parquet") | FINGERPRINTED_IF_SET,
    )
    document_images: Literal["tars", "column"] = Field(
        default="tars",
        description="interleaved_parquet only: where the images of a.parquet lie: in the tars that img2dataset wrote "
        "into the folder a beside it, found by their URLs, or in image_column",
        json_schema_extra=_only("interleaved_parquet") | FINGERPRINTED_IF_SET,
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

    @classmethod
    def settings_of(cls, format: FormatName) -> list[str]:
        """The settings that sources of this format have and some others have not."""
        return [name for name in cls.model_fields if format in _formats(name)]

    @model_validator(mode="after")
    def _settings_belong_to_the_format(self) -> Self:
        for name, field in type(self).model_fields.items():
            formats = _formats(name)
            if formats and self.format not in formats and getattr(self, name) != field.default:
                belongs = " and ".join(formats)
                raise ValueError(f"{name} is a setting of format {belongs}; source {self.name} is {self.format}")
        return self


def _formats(setting: str) -> tuple[FormatName, ...]:
    """What :func:`_only` marks a setting with; nothing where all formats have it."""
    extra = SourceSettings.model_fields[setting].json_schema_extra
    formats = extra.get("formats", ()) if isinstance(extra, dict) else ()
    assert isinstance(formats, tuple)
    return formats
