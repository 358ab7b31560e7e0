"""How questions about several pictures are put, in each language, and how they are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from pydantic import Field, model_validator

from transforms import keyed
from transforms.configuration import Settings, read_yaml, validate
from transforms.instruct.sandbox import check_template, written
from transforms.storage import StoragePath

Task = Literal["find", "compare", "order"]
TASKS: tuple[Task, ...] = get_args(Task)

_NEEDED: Mapping[Task, frozenset[str]] = {
    "find": frozenset({"question", "value"}),
    "compare": frozenset({"question"}),
    "order": frozenset({"question"}),
}
_PICTURE = {"en": "Picture {}", "zh": "第{}张"}
_WORDS = {"en": ("Yes", "No"), "zh": ("是", "否")}
_BETWEEN = {"en": ", ", "zh": "、"}
LANGUAGES = tuple(_PICTURE)


class Wording(Settings):
    """Templates by task and language."""

    find: dict[str, list[str]] = Field(min_length=1, description="language → templates with question and value")
    compare: dict[str, list[str]] = Field(min_length=1, description="language → templates with question")
    order: dict[str, list[str]] = Field(min_length=1, description="language → templates with question")

    @model_validator(mode="after")
    def _can_be_written(self) -> Wording:
        for task in TASKS:
            for language, templates in self.of(task).items():
                if language not in LANGUAGES:
                    raise ValueError(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
                if not templates:
                    raise ValueError(f"{task} has no template for {language}")
                for one in templates:
                    check_template(one, _NEEDED[task], _NEEDED[task])
        return self

    def of(self, task: Task) -> Mapping[str, Sequence[str]]:
        templates: Mapping[str, Sequence[str]] = getattr(self, task)
        return templates

    def question(self, task: Task, language: str, values: Mapping[str, str], seed: int, key: str) -> tuple[str, str]:
        """The text, and the number of the template that was chosen for the row."""
        templates = self.of(task)[language]
        place = keyed.hash64(seed, "wording", key) % len(templates)
        return written(templates[place], {name: values[name] for name in _NEEDED[task]}), f"{language}/{place}"


def read_wording(path: StoragePath) -> Wording:
    """Raises ConfigError, naming file and key."""
    return validate(read_yaml(str(path)), Wording, str(path))


def picture(place: int, language: str) -> str:
    """What the picture at ``place``, from 0, is called."""
    return _PICTURE[language].format(place + 1)


def yes_or_no(is_so: bool, language: str) -> str:
    return _WORDS[language][not is_so]


def numbers(places: Sequence[int], language: str) -> str:
    """The pictures by their numbers from 1, one after another."""
    return _BETWEEN[language].join(str(place + 1) for place in places)
