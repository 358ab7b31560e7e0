"""What sources gave, made a vocabulary: concepts merged, named, typed, grouped, as the tables of its folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from concept_vocab.concept import form_of, uids_of
from concept_vocab.concept_types import NOT_TYPED, ConceptTyped, Typer
from concept_vocab.merging import Merged, Rules, merge, preferred_spelling
from concept_vocab.sources.source import Found, Ranked
from concept_vocab.type_accuracy import Accuracy, Outcome, hide, measure, weigh
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wordnet.dictionary import WordNet
from concept_vocab.wordnet.sense_types import ConceptType
from transforms.vocabularies.by_meaning import groups_of, types_by_nearest
from transforms.vocabularies.files import ALIASES, BLOCKED, BuiltVocabulary
from transforms.vocabularies.tables import concepts_table, surface_forms_table, table_of


@dataclass(frozen=True)
class ByMeaning:
    """``embed``: names to (V, D) vectors of length 1. ``cosine``: above which concepts are of one group."""

    embed: Callable[[Sequence[str]], NDArray[np.float32]]
    cosine: float


@dataclass(frozen=True)
class Assembly:
    """Of one language. ``blocked_types``: concepts of these leave; ``infoboxes``: of pages, by form; ``by_meaning``:
    None where there is no encoder."""

    ranked: Sequence[Ranked]
    wordnet: WordNet | None
    rules: Rules
    blocked_types: frozenset[ConceptType]
    infoboxes: Mapping[str, str] = field(default_factory=dict)
    by_meaning: ByMeaning | None = None


@dataclass
class _Types:
    """By form, and how well they are told."""

    of: dict[str, ConceptTyped]
    accuracy: Accuracy | None
    untold: list[Outcome]  # hidden lemmas that no method told


def assemble(assembly: Assembly) -> BuiltVocabulary:
    """Raises VocabularyError where no concept is left, or two have one uid, or the cap leaves no room."""
    wordnet, language = assembly.wordnet, assembly.rules.language
    if assembly.rules.cap < 1:
        raise VocabularyError(f"the cap leaves no room for language {language}; give the sources caps of their own")
    merged = merge(assembly.ranked, assembly.rules, wordnet)
    names = {form: preferred_spelling(concept, wordnet, language) for form, concept in merged.concepts.items()}
    types = _types(merged, wordnet, assembly.infoboxes)
    vectors = None
    if assembly.by_meaning is not None:
        vectors = assembly.by_meaning.embed(list(names.values()))
        _add_nearest(types, list(names), vectors)
    is_left = np.array([types.of[form].type not in assembly.blocked_types for form in names])
    left = {form: concept for (form, concept), stays in zip(merged.concepts.items(), is_left, strict=True) if stays}
    if not left:
        raise VocabularyError("no concept is left: all are of blocked types")
    groups = {}
    if assembly.by_meaning is not None and vectors is not None:
        sources = [ranked.source for ranked in assembly.ranked]
        groups = groups_of(left, sources, vectors[is_left], assembly.by_meaning.cosine)
    merges = [(*one, "plural") for one in merged.aliases.items()] + [(*one, "script") for one in merged.scripts.items()]
    kept_merges = sorted(one for one in merges if one[1] in left)
    uids = uids_of(language, [*left, *(form for form, *_ in kept_merges)])
    gone = [(names[one], merged.concepts[one].sources[0], f"type {types.of[one].type}") for one in names.keys() - left]
    return BuiltVocabulary(
        concepts=concepts_table(left, names, uids, types.of, groups, wordnet, language),
        surface_forms=surface_forms_table(left, uids, wordnet, language),
        aliases=table_of(ALIASES, [(uids[form], uids[to], form, why) for form, to, why in kept_merges]),
        blocked=table_of(BLOCKED, sorted([*((*one,) for one in merged.blocked), *gone])),
        about={
            "language": language,
            "concepts": len(left),
            "new_concepts": dict(sorted(Counter(concept.sources[0] for concept in left.values()).items())),
            "over_cap": dict(sorted(merged.over_cap.items())),
            "groups": len(set(groups.values())) if groups else None,
            "type_accuracy": asdict(types.accuracy) if types.accuracy else None,
        },
    )


def infoboxes_by_form(found: Sequence[Found], language: str) -> dict[str, str]:
    """Of all dumps; of two titles of one form the later one's, by name."""
    tables = [one.infoboxes.select(["title", "infobox"]) for one in found if one.infoboxes is not None]
    pairs = [(row["title"], row["infobox"]) for table in tables for row in table.to_pylist()]
    return {form_of(title, language): infobox for title, infobox in sorted(pairs)}


def _types(merged: Merged, wordnet: WordNet | None, infoboxes: Mapping[str, str]) -> _Types:
    """What a source said, else what WordNet tells."""
    outcomes = hide(wordnet, infoboxes) if wordnet else []
    accuracy = measure(outcomes) if wordnet else None
    typer = Typer(wordnet, infoboxes=infoboxes) if wordnet else None
    found = {}
    for form, concept in merged.concepts.items():
        if concept.given_type:
            confidence = 1.0 if concept.type_method == "given" else None
            found[form] = ConceptTyped(concept.given_type, concept.type_method, confidence, (concept.given_type,))
        elif typer and accuracy:
            found[form] = weigh(typer.type_of(form, sorted(concept.own)), accuracy)
        else:
            found[form] = NOT_TYPED
    return _Types(found, accuracy, [one for one in outcomes if one.method is None])


def _add_nearest(types: _Types, forms: list[str], vectors: NDArray[np.float32]) -> None:
    """Types of what nothing else told, with what they proved right; without WordNet nothing proves it, and its
    confidence is not known."""
    found, measured = types_by_nearest(forms, vectors, types.of, types.untold)
    if types.accuracy is None:
        types.of.update({form: one._replace(confidence=None) for form, one in found.items()})
        return
    types.accuracy = types.accuracy.with_nearest(measured)
    types.of.update({form: weigh(one, types.accuracy) for form, one in found.items()})
