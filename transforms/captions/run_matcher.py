"""How the concepts of a run are spelt, at rest in its vocabulary, and a matcher made of it.

vocabulary/surface_forms.parquet   id, text, match_case, is_fragment: a row a spelling; runs of before lack it, and
                                   names stand in, or lack the last column, and hold no fragments
"""

from __future__ import annotations

import pyarrow as pa

from concept_vocab.marks import Mark
from concept_vocab.matching.forms import SurfaceForm
from concept_vocab.matching.matcher import CaptionMatcher
from concept_vocab.matching.metaclip import MetaclipMatcher
from transforms.captions.settings import Matching
from transforms.datasets import read_table, write_table
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath
from transforms.vocabularies.files import read_vocabulary
from transforms.vocabulary_folder import read_concepts

_FILE = "surface_forms.parquet"
_FRAGMENT = "is_fragment"
_FORMS = pa.schema([("id", pa.int32()), ("text", pa.string()), ("match_case", pa.bool_()), (_FRAGMENT, pa.bool_())])
_SPELT = _FORMS.names[:-1]


def write_forms(folder: RunFolder, concepts: pa.Table, vocabulary: str) -> None:
    """Of the built vocabulary at ``vocabulary``, which knows more spellings, or the names of ``concepts``."""
    path = StoragePath.of(vocabulary)
    if path.is_dir():
        built = read_vocabulary(path)
        spelt, is_fragment = built.surface_forms, pa.array(map(_is_fragment, built.concepts["marks"].to_pylist()))
        columns = [spelt["row"], spelt["text"], spelt["match_case"], is_fragment.take(spelt["row"].combine_chunks())]
        forms = pa.table(columns, schema=_FORMS)
        forms = forms.group_by(_FORMS.names).aggregate([]).sort_by([(name, "ascending") for name in _FORMS.names])
    else:
        forms = _names(concepts)
    write_table(folder.vocabulary / _FILE, forms.cast(_FORMS), folder.fingerprint)


def run_matcher(folder: RunFolder, matching: Matching) -> CaptionMatcher | MetaclipMatcher:
    """Concepts are numbered by their ids."""
    concepts = read_concepts(folder, ["id", "name"])
    if matching == "metaclip":
        return MetaclipMatcher(concepts["name"].to_pylist())
    path = folder.vocabulary / _FILE
    forms = read_table(path, folder.fingerprint) if path.exists() else _names(concepts)
    columns = (forms[name].to_pylist() for name in _SPELT)
    fragments = forms.filter(forms[_FRAGMENT])["id"].unique().to_pylist() if _FRAGMENT in forms.column_names else ()
    return CaptionMatcher(map(SurfaceForm, *columns), fragments)


def _is_fragment(marks: list[Mark]) -> bool:
    """A name, as "The Matrix" is one, is no piece of a sentence."""
    return "fragment" in marks and "name" not in marks


def _names(concepts: pa.Table) -> pa.Table:
    is_free = pa.repeat(pa.scalar(False), concepts.num_rows)
    return pa.table([concepts["id"], concepts["name"], is_free, is_free], schema=_FORMS)
