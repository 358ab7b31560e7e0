"""The simplest source of concepts: a list that a person wrote.

Either YAML with ``name``, ``language``, ``prompts``, ``concepts`` and if wanted ``types`` (of each type a list of
concepts), or plain text with a concept a line (``#`` begins
a comment), in English, with the prompts of :mod:`concept_vocab.prompts`.
"""

from __future__ import annotations

from typing import Any

from concept_vocab.prompts import PROMPTS
from concept_vocab.strict_yaml import YamlError, load_yaml
from concept_vocab.vocabulary import Vocabulary, VocabularyError, normalise
from concept_vocab.wordnet.sense_types import TYPES

_BYTE_ORDER_MARK = "\ufeff"  # which some editors put before the first line
_KEYS = {"name", "language", "prompts", "concepts", "types"}


def parse_word_list(text: str, file_name: str) -> Vocabulary:
    """Text of a ``.yaml``/``.yml`` or plain text file → Vocabulary; raises VocabularyError naming the file."""
    if not file_name.endswith((".yaml", ".yml")):
        lines = text.removeprefix(_BYTE_ORDER_MARK).splitlines()
        names = [line for line in (line.strip() for line in lines) if not line.startswith("#")]
        return Vocabulary.from_names(names, "en", file_name, PROMPTS)
    try:
        values = load_yaml(text)
    except YamlError as error:
        raise VocabularyError(f"{file_name} is not YAML: {error}") from error
    if not isinstance(values, dict) or not isinstance(values.get("concepts"), list):
        raise VocabularyError(f"{file_name} must be a mapping with a list under 'concepts'")
    if unknown := sorted(set(values) - _KEYS, key=str):
        raise VocabularyError(f"{file_name}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    language = _text(values.get("language", "en"), "language", file_name)
    names = [_text(name, "concept", file_name) for name in values["concepts"]]
    source = _text(values.get("name", file_name), "name", file_name)
    return Vocabulary.from_names(
        names, language, source, {language: _prompts(values, language, file_name)}, _types(values, names, file_name)
    )


def _types(values: dict[str, Any], names: list[str], file_name: str) -> dict[str, str]:
    """By normalised name. Raises VocabularyError for a type or concept that is not there, or a second type of one."""
    listed = values.get("types") or {}
    if not isinstance(listed, dict) or not all(isinstance(few, list) for few in listed.values()):
        raise VocabularyError(f"{file_name}: types must be a mapping of types to lists of concepts")
    known, found = set(map(normalise, names)), dict[str, str]()
    for kind, few in listed.items():
        if kind not in TYPES:
            raise VocabularyError(f"{file_name}: {kind!r} is no type of concepts; these are {', '.join(TYPES)}")
        for name in (normalise(_text(one, "concept", file_name)) for one in few):
            if name not in known:
                raise VocabularyError(f"{file_name}: types.{kind} names {name!r}, which is not among the concepts")
            if found.setdefault(name, kind) != kind:
                raise VocabularyError(f"{file_name}: {name!r} is listed as {found[name]} and as {kind}; keep one")
    return found


def _prompts(values: dict[str, Any], language: str, file_name: str) -> tuple[str, ...]:
    prompts = values.get("prompts") or PROMPTS.get(language, ("{}",))
    if not isinstance(prompts, (list, tuple)):
        raise VocabularyError(f"{file_name}: prompts must be a list, found {type(prompts).__name__}")
    for prompt in prompts:
        if not isinstance(prompt, str) or prompt.count("{}") != 1:
            raise VocabularyError(f"{file_name}: prompt {prompt!r} must hold {{}} once, where the concept goes")
    return tuple(prompts)


def _text(value: Any, what: str, file_name: str) -> str:
    if not isinstance(value, str):
        raise VocabularyError(f"{file_name}: {what} {value!r} is read as {type(value).__name__}; put it in quotes")
    return value
