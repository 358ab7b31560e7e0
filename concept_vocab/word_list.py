"""The simplest source of concepts: a list that a person wrote.

Either YAML with ``name``, ``language``, ``prompts`` and ``concepts``, or plain text with a concept a line (``#`` begins
a comment), in English, with the prompts of :mod:`concept_vocab.prompts`.
"""

from __future__ import annotations

import yaml

from concept_vocab.prompts import PROMPTS
from concept_vocab.vocabulary import Vocabulary, VocabularyError

_KEYS = {"name", "language", "prompts", "concepts"}


def parse_word_list(text: str, file_name: str) -> Vocabulary:
    """Text of a ``.yaml``/``.yml`` or plain text file → Vocabulary; raises VocabularyError naming the file."""
    if not file_name.endswith((".yaml", ".yml")):
        names = [line for line in (line.strip() for line in text.splitlines()) if not line.startswith("#")]
        return Vocabulary.from_names(names, "en", file_name, PROMPTS)
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise VocabularyError(f"{file_name} is not YAML: {error}") from error
    if not isinstance(values, dict) or not isinstance(values.get("concepts"), list):
        raise VocabularyError(f"{file_name} must be a mapping with a list under 'concepts'")
    if unknown := sorted(set(values) - _KEYS):
        raise VocabularyError(f"{file_name}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    language = str(values.get("language", "en"))
    prompts = tuple(values.get("prompts") or PROMPTS.get(language, ("{}",)))
    for prompt in prompts:
        if not isinstance(prompt, str) or prompt.count("{}") != 1:
            raise VocabularyError(f"{file_name}: prompt {prompt!r} must hold {{}} once, where the concept goes")
    names = values["concepts"]
    for name in names:
        if not isinstance(name, str):
            raise VocabularyError(f"{file_name}: concept {name!r} is read as {type(name).__name__}; put it in quotes")
    return Vocabulary.from_names(names, language, str(values.get("name", file_name)), {language: prompts})
