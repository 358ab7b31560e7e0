"""What a text encoder adds to concepts: types of those that nothing else tells, and groups of those that mean the same.

Of two concepts whose names have a cosine above the bound, the better known stands for both, so that the nearest
concepts of an image need not be one thing ten times. Both stay concepts: a group is a column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from concept_vocab.concept_types import ConceptTyped, nearest_type
from concept_vocab.merging import Concept
from concept_vocab.type_accuracy import MethodAccuracy, Outcome, is_held_out
from transforms.vocabularies.neighbours import group_rows, nearest

NEIGHBOURS = 5
_TOLD = ("wordnet", "given", "part of speech")  # methods that know a concept, and do not infer


def types_by_nearest(
    forms: Sequence[str],
    vectors: NDArray[np.float32],
    types: Mapping[str, ConceptTyped],
    untold: Sequence[Outcome],
) -> tuple[dict[str, ConceptTyped], MethodAccuracy]:
    """Types of the forms that have none, and how often such are right: of ``untold``, hidden lemmas that nothing else
    told, by lemmas that are not hidden. ``vectors``: (V, D), of the forms."""
    known = np.array(
        [row for row, form in enumerate(forms) if types[form].type and types[form].method in _TOLD], np.int64
    )
    rows = {form: row for row, form in enumerate(forms)}
    true = {rows[one.form]: one.true for one in untold if one.form in rows}
    seen = np.array([row for row in known.tolist() if not is_held_out(forms[row])], np.int64)
    guessed = _of_rows(np.array(sorted(true), np.int64), seen, forms, vectors, types)
    accuracy = MethodAccuracy(len(guessed), sum(one.type == true[row] for row, one in guessed.items()))
    asked = np.array([row for row, form in enumerate(forms) if types[form].type is None], np.int64)
    found = _of_rows(asked, known, forms, vectors, types)
    return {forms[row]: one for row, one in found.items()}, accuracy


def groups_of(
    concepts: Mapping[str, Concept], sources: Sequence[str], vectors: NDArray[np.float32], cosine: float
) -> dict[str, str]:
    """By form the form that stands for its group, its own of most. The better known is the one of an earlier source,
    then the one seen more often there. ``vectors``: (V, D), of the concepts in their order."""
    forms = list(concepts)
    places = {source: place for place, source in enumerate(sources)}
    counts = [sum(count or 0 for count in concept.counts.values()) for concept in concepts.values()]
    first = [places[concept.sources[0]] for concept in concepts.values()]
    order = np.lexsort((np.arange(len(forms)), -np.array(counts, np.int64), np.array(first)))
    return {forms[row]: forms[leader] for row, leader in enumerate(group_rows(vectors, order, cosine).tolist())}


def _of_rows(
    asked: NDArray[np.int64],
    among: NDArray[np.int64],
    forms: Sequence[str],
    vectors: NDArray[np.float32],
    types: Mapping[str, ConceptTyped],
) -> dict[int, ConceptTyped]:
    if not len(asked) or not len(among):
        return {}
    rows, _ = nearest(vectors, asked, among, NEIGHBOURS)
    told = [[types[forms[row]].type for row in near] for near in rows.tolist()]
    kinds = [nearest_type([kind for kind in near if kind]) for near in told]
    return dict(zip(asked.tolist(), kinds, strict=True))
