"""Concepts as the tables of a vocabulary's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from concept_vocab.concept_types import ConceptTyped
from concept_vocab.languages.scripts import common_script, other_script
from concept_vocab.languages.segmenters import UNSPACED
from concept_vocab.marks import likely_typos, marks_of
from concept_vocab.merging import Concept, Spelling
from concept_vocab.wordnet.dictionary import WordNet
from transforms.vocabularies.files import CONCEPTS, SURFACE_FORMS

OTHER_SCRIPT = "opencc"  # the source of a spelling that was converted, and stands in none of the vocabulary's


def concepts_table(
    concepts: Mapping[str, Concept],
    names: Mapping[str, str],
    uids: Mapping[str, int],
    types: Mapping[str, ConceptTyped],
    groups: Mapping[str, str],
    wordnet: WordNet | None,
    language: str,
) -> pa.Table:
    """All by form; ``groups``: the form of the concept that stands for a group, of those that are not alone."""
    typos = set() if language in UNSPACED else _typos(concepts, wordnet)  # a sign more or less is another word there
    rows = []
    for row, (form, concept) in enumerate(concepts.items()):
        typed, name = types[form], names[form]
        is_lemma = concept.is_lemma or bool(wordnet and form in wordnet.senses)
        marks = marks_of(form, sorted(concept.own) or [name], language, typos, is_lemma, concept.is_name)
        told = (typed.type, typed.method, typed.confidence if typed.type else None, list(typed.types))
        named = (uids[form], row, form, name, language, concept.sources[0], concept.sources)
        rows.append((*named, *told, marks, uids[groups.get(form, form)]))
    return table_of(CONCEPTS, rows)


def surface_forms_table(
    concepts: Mapping[str, Concept], uids: Mapping[str, int], wordnet: WordNet | None, language: str
) -> pa.Table:
    rows = []
    for row, (form, concept) in enumerate(concepts.items()):
        lemmas = wordnet.spellings.get(form, set()) if wordnet else set()
        spelt = {**concept.counts, **dict.fromkeys(_in_other_scripts(concept, language))}
        for (text, source), count in sorted(spelt.items(), key=lambda one: one[0]):
            rows.append((uids[form], row, text, language, source, count, len(lemmas) > 1 and text in lemmas))
    return table_of(SURFACE_FORMS, rows)


def table_of(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _typos(concepts: Mapping[str, Concept], wordnet: WordNet | None) -> set[str]:
    """Told by the counts of the source that counted most of them, since counts of words and of views do not compare."""
    by_source: dict[str, dict[str, int]] = {}
    for form, concept in concepts.items():
        for spelling, count in concept.counts.items():
            if count:
                counts = by_source.setdefault(spelling.source, {})
                counts[form] = counts.get(form, 0) + count
    if not by_source:
        return set()
    widest = max(sorted(by_source), key=lambda source: sum(" " not in form for form in by_source[source]))
    words = {form: count for form, count in by_source[widest].items() if " " not in form}
    return likely_typos(words, wordnet.senses.keys() if wordnet else frozenset())


def _in_other_scripts(concept: Concept, language: str) -> list[Spelling]:
    """How its own spellings are written in both scripts of the language, so that captions in either hold it."""
    common = {common_script(text, language) for text in concept.own}
    both = common | {other_script(text, language) for text in common}
    return [Spelling(text, OTHER_SCRIPT) for text in both - {spelling.text for spelling in concept.counts}]
