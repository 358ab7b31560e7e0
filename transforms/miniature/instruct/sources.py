"""The twelve sources: shape, file format, licence, terms, way of writing boxes, and how many rows of which category."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from transforms.miniature.instruct.boxes import Convention, Frame, Order, Unit
from transforms.miniature.instruct.rows import Category


class Shape(StrEnum):
    """How a record is laid out."""

    MESSAGES = "messages"  # role and content, <image> in the text
    PARTS = "parts"  # role and content, a list of parts
    CONVERSATIONS = "conversations"  # from and value, <image> in the text
    CONVERSATIONS_UNPLACED = "conversations_unplaced"  # from and value, no placeholder
    ALPACA = "alpaca"
    TEXTS = "texts"  # the Cauldron: images, and texts of user, assistant, source
    VQA = "vqa"  # question, with answer, answers or choices
    CAPTION = "caption"  # image and caption


class FileFormat(StrEnum):
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TAR = "tar"


class Licence(StrEnum):
    """SPDX identifiers."""

    APACHE = "Apache-2.0"
    BY = "CC-BY-4.0"
    BY_SA = "CC-BY-SA-4.0"
    BY_NC = "CC-BY-NC-4.0"


NO_COMPETING = "no-competing-models"  # of who wrote the texts: what they wrote may train no competing model
NAMED_DERIVATIVES = "named-derivatives"  # models trained on it carry the name of the model that wrote it


@dataclass(frozen=True)
class Source:
    """``shares`` are per mille of the corpus's rows; ``chinese`` the share of Chinese among the source's rows."""

    name: str
    shape: Shape
    file_format: FileFormat
    licence: Licence
    shares: dict[Category, float]
    chinese: float
    model_terms: str | None = None
    convention: Convention | None = None

    @property
    def per_mille(self) -> float:
        return sum(self.shares.values())

    @property
    def is_chat(self) -> bool:
        """Whether it holds rows of several turns and pictures."""
        return self.shape not in (Shape.VQA, Shape.CAPTION)

    @property
    def takes_boxes(self) -> bool:
        return self.convention is not None


#: What a picture is resized to before boxes are measured, by the source whose boxes refer to that.
RESIZED = (448, 336)

_C = Category
SOURCES: tuple[Source, ...] = (
    Source(
        "aurora-chat", Shape.MESSAGES, FileFormat.JSONL, Licence.APACHE,
        {_C.GENERAL: 160, _C.CAPTIONING: 70, _C.CHARTS: 30, _C.OCR: 30, _C.GROUNDING: 20, _C.CODE: 10, _C.DOMAIN: 10},
        0.15, NO_COMPETING, Convention(Unit.THOUSANDTHS, Order.XYXY, Frame.UPRIGHT),
    ),
    Source(
        "lantern-instruct", Shape.CONVERSATIONS, FileFormat.JSON, Licence.BY_NC,
        {_C.GENERAL: 155, _C.CAPTIONING: 50, _C.GROUNDING: 20, _C.CHARTS: 20, _C.OCR: 15, _C.CODE: 5, _C.DOMAIN: 5},
        0.15, NO_COMPETING, Convention(Unit.SHARE, Order.XYXY, Frame.PADDED_SQUARE),
    ),
    Source(
        "parlour-parts", Shape.PARTS, FileFormat.JSONL, Licence.BY,
        {_C.GENERAL: 20, _C.CAPTIONING: 10, _C.GROUNDING: 10, _C.CHARTS: 10, _C.OCR: 5, _C.CODE: 5},
        0.30, NAMED_DERIVATIVES, Convention(Unit.PIXELS, Order.XYXY, Frame.RESIZED, RESIZED),
    ),
    Source(
        "pinwheel-unplaced", Shape.CONVERSATIONS_UNPLACED, FileFormat.JSON, Licence.BY,
        {_C.GENERAL: 20, _C.CAPTIONING: 10, _C.GROUNDING: 10, _C.CHARTS: 10, _C.OCR: 5, _C.DOMAIN: 5},
        0.60, None, Convention(Unit.PIXELS, Order.XYWH, Frame.STORED),
    ),
    Source(
        "quill-alpaca", Shape.ALPACA, FileFormat.JSON, Licence.BY_NC,
        {_C.CODE: 40},
        0.35, NO_COMPETING,
    ),
    Source(
        "kettle-texts", Shape.TEXTS, FileFormat.PARQUET, Licence.APACHE,
        {_C.CHARTS: 30, _C.OCR: 20, _C.SCIENCE: 5, _C.GENERAL: 5},
        0.0,
    ),
    Source(
        "riddle-vqa", Shape.VQA, FileFormat.JSONL, Licence.BY,
        {_C.GENERAL: 30, _C.CHARTS: 10, _C.OCR: 5, _C.SCIENCE: 5},
        0.20,
    ),
    Source(
        "meridian-parquet", Shape.CONVERSATIONS, FileFormat.PARQUET, Licence.APACHE,
        {_C.GENERAL: 10, _C.CAPTIONING: 10, _C.GROUNDING: 10, _C.CHARTS: 5, _C.OCR: 5},
        0.40, NAMED_DERIVATIVES, Convention(Unit.SHARE, Order.CXCYWH, Frame.UPRIGHT),
    ),
    Source(
        "bamboo-parquet", Shape.MESSAGES, FileFormat.PARQUET, Licence.BY_SA,
        {_C.OCR: 15, _C.GROUNDING: 10, _C.CHARTS: 5},
        0.90, None, Convention(Unit.THOUSANDTHS, Order.YXYX, Frame.UPRIGHT),
    ),
    Source(
        "postcard-captions", Shape.CAPTION, FileFormat.JSONL, Licence.BY_SA,
        {_C.CAPTIONING: 30},
        0.40,
    ),
    Source(
        "gallery-tars", Shape.CAPTION, FileFormat.TAR, Licence.BY,
        {_C.CAPTIONING: 20},
        0.30,
    ),
    Source(
        "harbour-tars", Shape.CONVERSATIONS, FileFormat.TAR, Licence.BY_SA,
        {_C.DOMAIN: 10},
        0.30,
    ),
)  # fmt: skip
BY_NAME = {source.name: source for source in SOURCES}
