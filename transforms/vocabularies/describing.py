"""What a built vocabulary holds, counted, with examples; and a search in its texts."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from concept_vocab.concept import form_of, normal_form
from concept_vocab.languages.segmenters import UNSPACED
from concept_vocab.marks import MARKS
from transforms.errors import InputError
from transforms.vocabularies.files import BuiltVocabulary

NO_TYPE = "none"


class Group(NamedTuple):
    """Concepts that have something in common: how many, and a few of them, spread evenly over the alphabet."""

    name: str
    concepts: int
    examples: list[str]


class Hit(NamedTuple):
    """A concept that a query leads to; ``matched``: the spelling or the merged form by which."""

    uid: int
    row: int
    name: str
    type: str | None
    source: str
    matched: str
    group: str  # the name of the concept that stands for all of its meaning


def by_value(vocabulary: BuiltVocabulary, column: str, examples: int) -> list[Group]:
    """Groups by source, language, type or type_method, the largest first."""
    values = vocabulary.concepts[column].fill_null(NO_TYPE)
    counts = Counter(values.to_pylist())
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [_group(vocabulary.concepts.filter(pc.equal(values, value)), value, examples) for value, _ in ordered]


def by_mark(vocabulary: BuiltVocabulary, examples: int) -> list[Group]:
    """Names, numbers, words of a closed class, likely typos: how many of each there are, none too."""
    marks = vocabulary.concepts["marks"].to_pylist()
    found = []
    for mark in MARKS:
        marked = vocabulary.concepts.filter(pa.array([mark in one for one in marks], pa.bool_()))
        found.append(_group(marked, mark, examples))
    return found


def merged(vocabulary: BuiltVocabulary, examples: int) -> list[Group]:
    """Plurals in their singular, words in the other script, and concepts of several spellings."""
    aliases = vocabulary.aliases
    names = dict(zip(vocabulary.concepts["uid"].to_pylist(), vocabulary.concepts["name"].to_pylist(), strict=True))
    found = []
    for reason in sorted({"plural", *aliases["reason"].to_pylist()}):
        those = aliases.filter(pc.equal(aliases["reason"], reason))
        told = [f"{one['form']} → {names[one['uid']]}" for one in _spread(those, examples).to_pylist()]
        found.append(Group(reason, those.num_rows, told))
    texts = vocabulary.surface_forms.group_by("row").aggregate([("text", "count_distinct")]).sort_by("row")
    several = texts.filter(pc.greater(texts["text_count_distinct"], 1))
    spelt = vocabulary.concepts.take(several["row"])
    return [*found, _group(spelt, "spelt in several ways", examples)]


def grouped(vocabulary: BuiltVocabulary, examples: int) -> Group:
    """Concepts that another one stands for, as they mean the same to an encoder."""
    concepts = vocabulary.concepts
    those = concepts.filter(pc.not_equal(concepts["uid"], concepts["group"]))
    names = concepts["name"].take(pc.index_in(those["group"], value_set=concepts["uid"]))
    shown = _spread(those.append_column("leader", names), examples).to_pylist()
    return Group("of one meaning", those.num_rows, [f"{one['name']} → {one['leader']}" for one in shown])


def blocked(vocabulary: BuiltVocabulary, examples: int) -> list[Group]:
    """What left, by reason."""
    table = vocabulary.blocked
    reasons = sorted(set(table["reason"].to_pylist()))
    groups = [(reason, table.filter(pc.equal(table["reason"], reason))) for reason in reasons]
    return [Group(reason, one.num_rows, _spread(one, examples)["text"].to_pylist()) for reason, one in groups]


def search(vocabulary: BuiltVocabulary, query: str, most: int) -> list[Hit]:
    """Concepts whose spellings, or forms that were merged into them, hold the words of the query: the same form first,
    then those that begin with it, then those that hold it, the shortest first. Raises InputError for a query of
    no words."""
    wanted = {form_of(query, language) for language in vocabulary.about["languages"]}
    if "" in wanted:
        raise InputError("the query is empty; name words that a concept may be spelt with")
    concepts, forms = vocabulary.concepts, vocabulary.surface_forms
    texts = pa.concat_arrays([forms["text"].combine_chunks(), vocabulary.aliases["form"].combine_chunks()])
    rows = np.concatenate([forms["row"].to_numpy(), _rows_of(vocabulary, vocabulary.aliases["uid"])])
    lower = pc.utf8_lower(texts)
    holds = np.any([pc.match_substring(lower, one).to_numpy(zero_copy_only=False) for one in sorted(wanted)], axis=0)
    languages = concepts["language"].take(pa.array(rows[holds])).to_pylist()
    best: dict[int, tuple[int, int, str]] = {}
    for row, text, language in zip(
        rows[holds].tolist(), texts.filter(pa.array(holds)).to_pylist(), languages, strict=True
    ):
        kind = _how_near(normal_form(text), form_of(query, language), language)
        if kind is not None:
            best[row] = min(best.get(row, (3, 0, "")), (kind, len(text), text))
    found = sorted(best.items(), key=lambda one: (one[1], one[0]))[:most]
    taken = concepts.take(pa.array([row for row, _ in found], pa.int64()))
    leaders = concepts["name"].take(_rows_of(vocabulary, taken["group"])).to_pylist()
    return [
        Hit(one["uid"], one["row"], one["name"], one["type"], one["source"], matched, leader)
        for one, (_, (_, _, matched)), leader in zip(taken.to_pylist(), found, leaders, strict=True)
    ]


def _how_near(form: str, wanted: str, language: str) -> int | None:
    """0 for the same, 1 where it begins so, 2 where a word does, or in languages without spaces any part; else None."""
    is_held = wanted in form if language in UNSPACED else f" {wanted}" in f" {form}"
    return (0 if form == wanted else 1 if form.startswith(wanted) else 2) if is_held else None


def _rows_of(vocabulary: BuiltVocabulary, uids: pa.ChunkedArray) -> NDArray[np.int32]:
    rows: NDArray[np.int32] = pc.index_in(uids, value_set=vocabulary.concepts["uid"]).to_numpy()
    return rows


def _group(concepts: pa.Table, name: str, examples: int) -> Group:
    return Group(name, concepts.num_rows, _spread(concepts, examples)["name"].to_pylist())


def _spread(table: pa.Table, examples: int) -> pa.Table:
    """So many rows, at equal distances."""
    n_rows = table.num_rows
    return table.take(np.unique(np.linspace(0, n_rows - 1, min(examples, n_rows)).astype(np.int64)))
