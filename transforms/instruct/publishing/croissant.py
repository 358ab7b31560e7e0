"""The description that machines read: Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html).

Each shard is a file with its SHA-256; the record set of a format gives its samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transforms.exporting.manifest import ShardStats
from transforms.instruct.publishing.settings import Format, PublishSettings
from transforms.instruct.publishing.shards import ENDINGS

CROISSANT = "croissant.json"

#: The specification's own context, as mlcroissant 1.1 wants it.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FORMATS: dict[Format, str] = {"webdataset": "application/x-tar", "parquet": "application/x-parquet"}
#: What Parquet has of each sample, and of which type.
_COLUMNS = (
    ("key", "sc:Text", "Of its own; the second copy of a row ends in ~2."),
    ("source", "sc:Text", "The set that it comes from."),
    ("category", "sc:Text", "What it teaches."),
    ("language", "sc:Text", "ISO 639 code of its texts."),
    ("licence", "sc:Text", "That binds it."),
    ("inclusion_probability", "sc:Float", "How many copies it could expect."),
)


def croissant(settings: PublishSettings, licences: Mapping[str, Any], stats: Sequence[ShardStats]) -> dict[str, Any]:
    """``stats`` are sorted by file."""
    distribution: list[dict[str, Any]] = []
    record_sets = []
    for form in settings.formats:
        files = [one for one in stats if one.file.endswith(ENDINGS[form])]
        distribution += [_file(one, form) for one in files]
        distribution.append(_file_set(form, files))
        record_sets.append(_record_set(form))
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": settings.name,
        "description": f"An instruction mixture of {licences['samples']:,} samples, made by Evenweave.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": sorted(licences["licences"]),
        "distribution": distribution,
        "recordSet": record_sets,
    }


def _file(one: ShardStats, form: Format) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": one.file,
        "name": one.file,
        "contentUrl": one.file,
        "contentSize": f"{one.bytes} B",
        "encodingFormat": _FORMATS[form],
        "sha256": one.sha256,
    }


def _file_set(form: Format, files: Sequence[ShardStats]) -> dict[str, Any]:
    """Of tars the records in them, of Parquet the files."""
    values: dict[str, Any] = {"@type": "cr:FileSet", "@id": f"{form}-files", "name": f"{form}-files"}
    if form == "webdataset":
        inside = [{"@id": one.file} for one in files]
        return values | {"containedIn": inside, "encodingFormat": "application/json", "includes": "*.json"}
    return values | {"encodingFormat": _FORMATS[form], "includes": f"*/*{ENDINGS[form]}"}


def _record_set(form: Format) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": form,
        "name": form,
        "description": f"The samples in the format {form}.",
        "field": _fields_of_tars() if form == "webdataset" else [_column(*told) for told in _COLUMNS],
    }


def _column(name: str, kind: str, description: str) -> dict[str, Any]:
    return _field("parquet", name, kind, description, {"extract": {"column": name}})


def _fields_of_tars() -> list[dict[str, Any]]:
    """Readers of Croissant take no field out of JSON within an archive: the record is given whole."""
    path = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": r"^(.*)\.json$"}}
    content = {"extract": {"fileProperty": "content"}}
    return [
        _field("webdataset", "name", "sc:Text", "What the members of a sample are called.", path),
        _field("webdataset", "record", "sc:Text", "Its record, JSON.", content),
    ]


def _field(form: Format, name: str, kind: str, description: str, source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{form}/{name}",
        "name": name,
        "description": description,
        "dataType": kind,
        "source": {"fileSet": {"@id": f"{form}-files"}, **source},
    }
