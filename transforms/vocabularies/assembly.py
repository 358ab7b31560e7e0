"""What sources gave, made a vocabulary: concepts merged, named, typed and marked, as the tables of its folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from concept_vocab.concept import uids_of
from concept_vocab.concept_types import NOT_TYPED, Accuracy, ConceptTyped, Typer, measure, weigh
from concept_vocab.languages.scripts import common_script, other_script
from concept_vocab.marks import likely_typos, marks_of
from concept_vocab.merging import Concept, Merged, Rules, Spelling, merge, preferred_spelling
from concept_vocab.sources.source import Ranked
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.sense_types import ConceptType
from transforms.vocabularies.files import ALIASES, BLOCKED, CONCEPTS, SURFACE_FORMS, BuiltVocabulary

OTHER_SCRIPT = "opencc"  # the source of a spelling that was converted, and stands in none of the vocabulary's


@dataclass(frozen=True)
class Assembly:
    """``about``: of the sources, for vocabulary.json; ``blocked_types``: concepts of these leave."""

    ranked: Sequence[Ranked]
    wordnet: WordNet | None
    rules: Rules
    blocked_types: frozenset[ConceptType]
    about: dict[str, Any]


def assemble(assembly: Assembly) -> BuiltVocabulary:
    """Raises VocabularyError where no concept is left, or two have one uid."""
    wordnet, language = assembly.wordnet, assembly.rules.language
    merged = merge(assembly.ranked, assembly.rules, wordnet)
    accuracy = measure(wordnet) if wordnet else None
    types = _types(merged, wordnet, accuracy)
    left = {
        form: concept for form, concept in merged.concepts.items() if types[form].type not in assembly.blocked_types
    }
    if not left:
        raise VocabularyError("no concept is left: all are of blocked types")
    merges = [(*one, "plural") for one in merged.aliases.items()] + [(*one, "script") for one in merged.scripts.items()]
    kept_merges = sorted(one for one in merges if one[1] in left)
    uids = uids_of(language, [*left, *(form for form, *_ in kept_merges)])
    blocked_rows = sorted(
        [(*one,) for one in merged.blocked]
        + [
            (
                preferred_spelling(merged.concepts[form], wordnet),
                merged.concepts[form].sources[0],
                f"type {types[form].type}",
            )
            for form in merged.concepts.keys() - left.keys()
        ]
    )
    about = {
        **assembly.about,
        "language": language,
        "concepts": len(left),
        "new_concepts": dict(sorted(Counter(concept.sources[0] for concept in left.values()).items())),
        "over_cap": dict(sorted(merged.over_cap.items())),
        "type_accuracy": asdict(accuracy) if accuracy else None,
    }
    return BuiltVocabulary(
        concepts=_concepts(left, uids, types, wordnet, language),
        surface_forms=_surface_forms(left, uids, wordnet, language),
        aliases=_table(ALIASES, [(uids[form], uids[to], form, why) for form, to, why in kept_merges]),
        blocked=_table(BLOCKED, blocked_rows),
        about=about,
    )


def _types(merged: Merged, wordnet: WordNet | None, accuracy: Accuracy | None) -> dict[str, ConceptTyped]:
    """By form: what a source said, else what WordNet tells."""
    typer = Typer(wordnet) if wordnet else None
    found = {}
    for form, concept in merged.concepts.items():
        if concept.given_type:
            confidence = 1.0 if concept.type_method == "given" else None
            found[form] = ConceptTyped(concept.given_type, concept.type_method, confidence, (concept.given_type,))
        elif typer and accuracy:
            found[form] = weigh(typer.type_of(form, sorted(concept.own)), accuracy)
        else:
            found[form] = NOT_TYPED
    return found


def _concepts(
    concepts: dict[str, Concept],
    uids: dict[str, int],
    types: dict[str, ConceptTyped],
    wordnet: WordNet | None,
    language: str,
) -> pa.Table:
    typos = _typos(concepts, wordnet)
    rows = []
    for row, (form, concept) in enumerate(concepts.items()):
        typed = types[form]
        name = preferred_spelling(concept, wordnet)
        marks = marks_of(
            form,
            sorted(concept.own) or [name],
            language,
            typos,
            bool(wordnet and form in wordnet.senses),
            concept.is_name,
        )
        told = (typed.type, typed.method, typed.confidence if typed.type else None, list(typed.types))
        rows.append((uids[form], row, form, name, language, concept.sources[0], concept.sources, *told, marks))
    return _table(CONCEPTS, rows)


def _typos(concepts: dict[str, Concept], wordnet: WordNet | None) -> set[str]:
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


def _surface_forms(
    concepts: dict[str, Concept], uids: dict[str, int], wordnet: WordNet | None, language: str
) -> pa.Table:
    rows = []
    for row, (form, concept) in enumerate(concepts.items()):
        lemmas = wordnet.spellings.get(form, set()) if wordnet else set()
        spelt = {*concept.counts.items(), *_other_script(concept, language)}
        for (text, source), count in sorted(spelt, key=lambda one: one[0]):
            rows.append((uids[form], row, text, language, source, count, len(lemmas) > 1 and text in lemmas))
    return _table(SURFACE_FORMS, rows)


def _other_script(concept: Concept, language: str) -> list[tuple[Spelling, None]]:
    """How its own spellings are written in both scripts of the language, so that captions in either hold it."""
    common = {common_script(text, language) for text in concept.own}
    both = common | {other_script(text, language) for text in common}
    return [(Spelling(text, OTHER_SCRIPT), None) for text in both - {spelling.text for spelling in concept.counts}]


def _table(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
