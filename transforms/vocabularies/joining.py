"""Vocabularies of one language each, joined to one: sorted by language, then by form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from concept_vocab.vocabulary import VocabularyError
from transforms.vocabularies.files import BuiltVocabulary


def join(vocabularies: Sequence[BuiltVocabulary], about: dict[str, Any]) -> BuiltVocabulary:
    """Each of another language. Rows are numbered anew. ``about``: of all of them, added to what is counted of each.

    Raises VocabularyError where two concepts of different languages have one uid.
    """
    ordered = sorted(vocabularies, key=lambda one: str(one.about["language"]))
    starts = [sum(len(before) for before in ordered[:at]) for at in range(len(ordered))]
    concepts = pa.concat_tables(map(_moved, [one.concepts for one in ordered], starts))
    if len(pc.unique(concepts["uid"])) != concepts.num_rows:
        raise VocabularyError("two concepts of different languages have the same uid; leave one out by a block list")
    abouts = {one.about["language"]: one.about for one in ordered}
    groups = [one["groups"] for one in abouts.values() if one["groups"] is not None]
    return BuiltVocabulary(
        concepts=concepts,
        surface_forms=pa.concat_tables(map(_moved, [one.surface_forms for one in ordered], starts)),
        aliases=pa.concat_tables([one.aliases for one in ordered]),
        blocked=pa.concat_tables([one.blocked for one in ordered]),
        about={
            **about,
            "languages": list(abouts),
            "concepts": concepts.num_rows,
            "new_concepts": _added(one["new_concepts"] for one in abouts.values()),
            "over_cap": _added(one["over_cap"] for one in abouts.values()),
            "groups": sum(groups) if groups else None,
            "type_accuracy": {
                language: one["type_accuracy"] for language, one in abouts.items() if one["type_accuracy"]
            },
        },
    )


def _moved(table: pa.Table, start: int) -> pa.Table:
    """With ``start`` added to its rows."""
    rows = pc.add(table["row"], pa.scalar(start, pa.int32()))
    return table.set_column(table.schema.get_field_index("row"), table.schema.field("row"), rows)


def _added(parts: Any) -> dict[str, int]:
    """Sources differ by language, so that each stands in one."""
    return dict(sorted(one for part in parts for one in part.items()))
