"""The Croissant description of a mixture: the tars as of any corpus, and Parquet by its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transforms.exporting.croissant import (
    TARS,
    fields_of_tars,
    file_object,
    file_set,
    record_field,
    record_set,
    tars_of,
    write_description,
)
from transforms.exporting.manifest import ShardStats
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.publishing.shards import ENDINGS
from transforms.storage import StoragePath

_PARQUET = "parquet"
_ENCODING = "application/x-parquet"
#: What Parquet has of each sample, and of which type.
_COLUMNS = (
    ("key", "sc:Text", "Of its own; the second copy of a row ends in ~2."),
    ("source", "sc:Text", "The set that it comes from."),
    ("category", "sc:Text", "What it teaches."),
    ("language", "sc:Text", "ISO 639 code of its texts."),
    ("licence", "sc:Text", "That binds it."),
    ("inclusion_probability", "sc:Float", "How many copies it could expect."),
)


def write_mixture_croissant(
    place: StoragePath, settings: PublishSettings, licences: Mapping[str, Any], stats: Sequence[ShardStats]
) -> None:
    """``stats`` are sorted by file; ``licences`` is what the ledger of licences says."""
    distribution: list[dict[str, Any]] = []
    record_sets = []
    for form in settings.formats:
        files = [one for one in stats if one.file.endswith(ENDINGS[form])]
        if form == TARS:
            distribution += tars_of(files)
            record_sets.append(record_set(TARS, fields_of_tars()))
        else:
            distribution += [file_object(one, _ENCODING) for one in files]
            distribution.append(file_set(_PARQUET, encodingFormat=_ENCODING, includes=f"*/*{ENDINGS[form]}"))
            record_sets.append(record_set(_PARQUET, [_column(*told) for told in _COLUMNS]))
    description = f"An instruction mixture of {licences['samples']:,} samples, made by Evenweave."
    write_description(place, settings.name, description, licences["licences"], distribution, record_sets)


def _column(name: str, kind: str, description: str) -> dict[str, Any]:
    return record_field(_PARQUET, name, kind, description, {"extract": {"column": name}})
