"""Rules that tell what an exchange teaches, and the YAML file that they stand in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from transforms.configuration import Settings, read_yaml, validate
from transforms.instruct.answers.forms import Form
from transforms.storage import StoragePath

CATEGORY = r"^[a-z][a-z0-9_]*$"
MediaCondition = Literal["image", "video", "several", "none"]
#: Characters of a text that an expression is searched in: a question says early what it asks.
_MOST_CHARACTERS = 2_000


class Exchange(NamedTuple):
    """A question and its answer, and what they are about."""

    question: str
    answer: str
    form: Form
    has_regions: bool
    images: int  # of the row
    videos: int
    source: str


class Rule(Settings):
    """One rule; every condition that it names has to hold."""

    name: str = Field(..., pattern=CATEGORY, description="what category_by calls it: rule:<name>")
    category: str = Field(..., pattern=CATEGORY, description="of the exchanges that it is true of")
    question: str | None = Field(None, description="an expression searched in the question, without regard to case")
    answer: str | None = Field(None, description="an expression searched in the answer, without regard to case")
    forms: list[Form] = Field([], description="forms of the answer")
    regions: bool | None = Field(None, description="whether a box stands in the exchange")
    media: MediaCondition | None = Field(None, description="image, video, several (two or more), none")
    sources: list[str] = Field([], description="names of sources")

    @field_validator("question", "answer")
    @classmethod
    def _is_expression(cls, text: str | None) -> str | None:
        try:
            re.compile(text or "", re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return text

    @model_validator(mode="after")
    def _says_when(self) -> Rule:
        if not any((self.question, self.answer, self.forms, self.media, self.sources)) and self.regions is None:
            raise ValueError(f"rule {self.name} names no condition, and would be true of everything")
        return self


class _RuleFile(Settings):
    rules: list[Rule] = Field(min_length=1, description="in the order in which they are asked")

    @field_validator("rules")
    @classmethod
    def _differ(cls, rules: list[Rule]) -> list[Rule]:
        names = [rule.name for rule in rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rules are called {twice[0]!r}; names must differ")
        return rules


@dataclass(frozen=True)
class RuleBook:
    """Rules with their expressions compiled."""

    rules: Sequence[Rule]
    expressions: Sequence[tuple[re.Pattern[str] | None, re.Pattern[str] | None]]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> RuleBook:
        compiled = [tuple(re.compile(t, re.IGNORECASE) if t else None for t in (r.question, r.answer)) for r in rules]
        return cls(rules, compiled)  # type: ignore[arg-type]

    def first(self, exchange: Exchange) -> int | None:
        """The place of the first rule that is true of an exchange."""
        return next((place for place in range(len(self.rules)) if self._is_true(place, exchange)), None)

    def _is_true(self, place: int, exchange: Exchange) -> bool:
        rule, (question, answer) = self.rules[place], self.expressions[place]
        return (
            (rule.regions is None or rule.regions == exchange.has_regions)
            and (not rule.forms or exchange.form in rule.forms)
            and (not rule.sources or exchange.source in rule.sources)
            and _has_media(rule.media, exchange)
            and (question is None or question.search(exchange.question[:_MOST_CHARACTERS]) is not None)
            and (answer is None or answer.search(exchange.answer[:_MOST_CHARACTERS]) is not None)
        )


def _has_media(wanted: MediaCondition | None, exchange: Exchange) -> bool:
    match wanted:
        case None:
            return True
        case "image":
            return exchange.images > 0
        case "video":
            return exchange.videos > 0
        case "several":
            return exchange.images + exchange.videos > 1
        case "none":
            return not exchange.images + exchange.videos


def read_rules(path: StoragePath) -> RuleBook:
    """Raises ConfigError, naming file and key, for a file that holds no rules."""
    return RuleBook.of(validate(read_yaml(str(path)), _RuleFile, str(path)).rules)
