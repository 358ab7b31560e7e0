"""Banks of templates: what may stand as an instruction, and what may be said of the form of an answer.

Templates are those of :mod:`transforms.instruct.sandbox`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import Field, field_validator, model_validator

from transforms import keyed
from transforms.configuration import Settings, read_yaml, validate
from transforms.errors import ConfigError
from transforms.instruct.categorising.rules import CATEGORY
from transforms.instruct.sandbox import check_template, variables, written
from transforms.storage import StoragePath

AnswerFormat = Literal["letter", "yes_no", "number", "phrase"]
FORMATS: tuple[AnswerFormat, ...] = get_args(AnswerFormat)

#: The words for what is shown, by kind and language; Chinese ones with their measure word, behind 这.
_PICTURES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "image": {"en": ("picture", "image"), "zh": ("张图片", "幅图像", "张图")},
    "video": {"en": ("video",), "zh": ("段视频",)},
}
LANGUAGES = tuple(_PICTURES["image"])
_OF_INSTRUCTIONS, _OF_FORMATS = frozenset({"picture"}), frozenset({"question"})


class BankFile(Settings):
    """One file of templates."""

    category: str | None = Field(None, pattern=CATEGORY, description="rows of it without an instruction take one")
    format: AnswerFormat | None = Field(None, description="the form of answers that the templates ask for")
    answer: dict[str, tuple[int, int | None]] = Field(
        {}, description="language → least and most characters of an answer whose instruction is missing"
    )
    stands_for: dict[str, str] = Field({}, description="language → an expression of instructions that ask for the same")
    templates: dict[str, list[str]] = Field(min_length=1, description="language → templates")

    @field_validator("stands_for")
    @classmethod
    def _are_expressions(cls, by_language: dict[str, str]) -> dict[str, str]:
        for text in by_language.values():
            try:
                re.compile(text)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return by_language

    @model_validator(mode="after")
    def _is_whole(self) -> BankFile:
        if (self.category is None) == (self.format is None):
            raise ValueError("a bank has either a category or a format")
        if foreign := sorted({*self.templates, *self.stands_for, *self.answer} - set(LANGUAGES)):
            raise ValueError(f"no language {foreign[0]!r}; there are {', '.join(LANGUAGES)}")
        known = _OF_FORMATS if self.format else _OF_INSTRUCTIONS
        for language, templates in self.templates.items():
            if not templates:
                raise ValueError(f"{language} has no template")
            if twice := sorted({one for one in templates if templates.count(one) > 1}):
                raise ValueError(f"{twice[0]!r} stands there twice")
            for one in templates:
                check_template(one, known)
        return self


@dataclass(frozen=True)
class Written:
    """A text, and the template that it was made of: bank, language and number."""

    text: str
    by: str


@dataclass(frozen=True)
class Bank:
    """The templates of one file, whose name it has."""

    name: str
    file: BankFile

    def stands_for(self, text: str, language: str) -> bool:
        """Whether ``text`` asks for what the bank's templates ask for."""
        pattern = self.file.stands_for.get(language)
        bare = text.strip().rstrip(".。?？!！").strip()
        return pattern is not None and re.fullmatch(pattern, bare, re.IGNORECASE) is not None

    def fits(self, answer: str, language: str) -> bool:
        """Whether an answer is as long as those that its templates ask for."""
        least, most = self.file.answer.get(language, (1, None))
        return len(answer) >= least and (most is None or len(answer) <= most)

    def instruction(self, language: str, kind: str, seed: int, key: str) -> Written:
        """For what is shown, an image or a video."""
        words = _PICTURES[kind][language]
        return self._choose(language, seed, key, {"picture": words[keyed.hash64(seed, "picture", key) % len(words)]})

    def told(self, question: str, language: str, seed: int, key: str) -> Written:
        """``question``, and the form that its answer is to have: on a line behind it unless the template places it."""
        asked = question.strip()
        found = self._choose(language, seed, key, {"question": asked})
        is_placed = "question" in variables(self._of(language)[int(found.by.rpartition("/")[2])])
        text = found.text if is_placed else f"{asked}\n{found.text}"
        return Written(question[: len(question) - len(question.lstrip())] + text, found.by)

    def phrase(self, language: str, seed: int, key: str) -> Written:
        """What is said of the form alone, which stands in another's place."""
        alone = [at for at, one in enumerate(self._of(language)) if "question" not in variables(one)]
        return self._choose(language, seed, key, {}, alone)

    def _of(self, language: str) -> Sequence[str]:
        return self.file.templates[language]

    def _choose(
        self, language: str, seed: int, key: str, values: Mapping[str, str], among: Sequence[int] | None = None
    ) -> Written:
        places = range(len(self._of(language))) if among is None else among
        place = places[keyed.hash64(seed, "template", self.name, key) % len(places)]
        return Written(written(self._of(language)[place], values), f"{self.name}/{language}/{place}")


@dataclass(frozen=True)
class Banks:
    """All banks, by name."""

    all: tuple[Bank, ...]

    def of_category(self, category: str | None, language: str) -> list[Bank]:
        found = [one for one in self.all if category is not None and one.file.category == category]
        return [one for one in found if language in one.file.templates]

    def of_format(self, wanted: AnswerFormat, language: str) -> Bank | None:
        found = (one for one in self.all if one.file.format == wanted and language in one.file.templates)
        return next(found, None)

    def standing_for(self, text: str, language: str, is_format: bool) -> Bank | None:
        """The bank whose templates ask for what ``text`` asks for."""
        for one in self.all:
            fit = (one.file.format is not None) == is_format and language in one.file.templates
            if fit and one.stands_for(text, language):
                return one
        return None


def read_banks(folder: StoragePath) -> Banks:
    """The YAML files of a folder, in the order of their names. Raises ConfigError, naming file and key, for a file that
    is no bank, and for two of one format."""
    files = bank_files(folder)
    banks = Banks(tuple(Bank(path.stem, validate(read_yaml(str(path)), BankFile, str(path))) for path in files))
    formats = [one.file.format for one in banks.all if one.file.format]
    if twice := [one for one in formats if formats.count(one) > 1]:
        raise ConfigError(f"two files of {folder} are of the format {twice[0]}; leave one")
    return banks


def bank_files(folder: StoragePath) -> list[StoragePath]:
    """Raises ConfigError where there is none."""
    paths = sorted(path for path in folder.walk() if path.name.endswith(".yaml")) if folder.is_dir() else []
    if not paths:
        raise ConfigError(f"templates.banks: no YAML file in {folder}")
    return paths
