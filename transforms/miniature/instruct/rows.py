"""What the corpus is planned in: pictures, exchanges in both languages, and rows with the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    ENGLISH = "en"
    CHINESE = "zh"


class Category(StrEnum):
    CAPTIONING = "captioning"
    CHARTS = "charts_and_tables"
    CODE = "code_and_math"
    DOMAIN = "domain_specific"
    GENERAL = "general_vqa"
    GROUNDING = "grounding_and_counting"
    OCR = "ocr"
    SCIENCE = "science"


class Form(StrEnum):
    """What an answer is, once parsed."""

    LETTER = "letter"
    OPTION = "option"
    YES_NO = "yes_no"
    NUMBER = "number"
    LIST = "list"
    BOX = "box"
    FORMULA = "formula"
    CODE = "code"
    FREE = "free"


class PictureKind(StrEnum):
    SCENE = "scene"
    CHART = "chart"
    DOCUMENT = "document"
    DIAGRAM = "diagram"


class Change(StrEnum):
    """What was done to a picture; ``Picture.strength`` says how much."""

    NONE = "none"
    REENCODE = "reencode"  # strength: quality of the JPEG
    CROP = "crop"  # strength: share of each side that is cut away
    RESIZE = "resize"  # strength: scale of each side
    OVERLAY = "overlay"  # strength: share of the picture's height that a banner hides


@dataclass(frozen=True, order=True)
class Picture:
    """One picture. ``sibling`` > 0 has the layout and the words of the same number, and other values."""

    kind: PictureKind
    number: int
    sibling: int = 0
    change: Change = Change.NONE
    strength: float = 0.0


@dataclass(frozen=True)
class Bilingual:
    """A text in both languages. Marks (:mod:`transforms.miniature.instruct.marks`) stand for boxes."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        return self.en if language is Language.ENGLISH else self.zh


@dataclass(frozen=True)
class Exchange:
    """A question and its answer. With ``choices`` the answer is one of them, number ``right``.

    Exchanges of one ``kind`` about one picture ask the same. ``blind``: it can be answered without the picture.
    """

    kind: str
    question: Bilingual
    answer: Bilingual
    form: Form
    choices: tuple[Bilingual, ...] = ()
    right: int = 0
    reasoning: Bilingual | None = None
    blind: bool = False


class Suffix(StrEnum):
    """How a row asks for short answers."""

    NONE = "none"
    SHORT = "short"


class Relation(StrEnum):
    """How a row relates to the one that it was made from."""

    EXACT = "exact"  # picture, question and answer are the same
    NEAR_IMAGE = "near_image"  # the picture encoded again or resized
    NEAR_TEXT = "near_text"  # the question in other case, with other marks, with or without a suffix
    CROPPED = "cropped"  # the picture cropped a little
    TRANSLATED = "translated"  # the texts in the other language: a pair
    CONVENTION = "convention"  # the same scene in a source of another convention of boxes
    OTHER_QUESTION = "other_question"  # no duplicate: the same picture
    CONFLICT = "conflict"  # no duplicate: the same picture and question, another answer
    OTHER_IMAGE = "other_image"  # no duplicate: the same texts about another picture


#: Those that a deduplication is to find.
DUPLICATES = (
    Relation.EXACT,
    Relation.NEAR_IMAGE,
    Relation.NEAR_TEXT,
    Relation.CROPPED,
    Relation.TRANSLATED,
    Relation.CONVENTION,
)


@dataclass(frozen=True)
class Planted:
    """A string put into a text: personal data, or what only looks like it. ``kind`` says what it is or looks like."""

    kind: str
    value: str
    is_personal: bool


@dataclass(frozen=True)
class Row:
    """One record of a source, before its shape. ``number`` is its own in the corpus."""

    number: int
    source: str
    category: Category
    language: Language
    pictures: tuple[Picture, ...]
    exchanges: tuple[Exchange, ...]
    system: bool = False
    suffix: Suffix = Suffix.NONE
    fault: str | None = None
    wording: str | None = None  # how its last answer is written, where that is not the plainest way
    original: int | None = None
    relation: Relation | None = None
    canary: str | None = None  # id of the benchmark's question
    cell: str | None = None  # of a canary: transformation and strength; of a look-alike: its kind
    planted: tuple[Planted, ...] = ()
    unsafe: str | None = None  # which gate is to stop it
