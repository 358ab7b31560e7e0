"""A built vocabulary whose concepts are grouped as a test wants them."""

from __future__ import annotations

import pathlib

from concept_vocab.concept import uid_of
from transforms.miniature.concepts import CONCEPTS as CONCEPTS_DRAWN
from transforms.storage import StoragePath
from transforms.vocabularies.files import ALIASES, BLOCKED, CONCEPTS, SURFACE_FORMS, BuiltVocabulary, write_vocabulary
from transforms.vocabularies.tables import table_of


def grouped(path: pathlib.Path, groups: list[int]) -> pathlib.Path:
    """Of as many concepts that the miniature draws, of which those with one number mean the same."""
    forms = [concept.name for concept in sorted(CONCEPTS_DRAWN, key=lambda one: one.name.lower())[: len(groups)]]
    uids = [uid_of("en", form) for form in forms]
    rows = [
        (
            uid,
            row,
            form,
            form,
            "en",
            "list",
            ["list"],
            "entity",
            "given",
            1.0,
            ["entity"],
            [],
            uids[groups.index(group)],
        )
        for row, (uid, form, group) in enumerate(zip(uids, forms, groups, strict=True))
    ]
    spelt = [
        (uid, row, form, "en", "list", None, False) for row, (uid, form) in enumerate(zip(uids, forms, strict=True))
    ]
    tables = (table_of(CONCEPTS, rows), table_of(SURFACE_FORMS, spelt), ALIASES.empty_table(), BLOCKED.empty_table())
    write_vocabulary(StoragePath.of(path), BuiltVocabulary(*tables, {}))
    return path
