"""The description that machines read: Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html).

Each shard is a file with its SHA-256; a record set gives the samples of all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from transforms.exporting.manifest import ShardStats
from transforms.storage import StoragePath

CROISSANT = "croissant.json"
TARS = "webdataset"  # the record set of samples in tars
_TAR_ENCODING = "application/x-tar"

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


def write_croissant(shards: StoragePath, name: str, stats: Sequence[ShardStats], licences: Mapping[str, str]) -> None:
    """Of a balanced corpus: ``croissant.json`` beside its shards. ``licences``: of each source."""
    stats = sorted(stats, key=lambda shard: (len(shard.file), shard.file))  # by number
    samples = sum(shard.samples for shard in stats)
    found = {licences[source] for shard in stats for source in shard.sources}
    write_description(
        shards,
        name,
        f"A concept-balanced corpus of {samples:,} images with captions, made by Evenweave.",
        found,
        tars_of(stats),
        [record_set(TARS, fields_of_tars())],
    )


def write_description(
    place: StoragePath,
    name: str,
    description: str,
    licences: Iterable[str],
    distribution: Sequence[Mapping[str, Any]],
    record_sets: Sequence[Mapping[str, Any]],
) -> None:
    values = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": description,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": sorted(licences),
        "distribution": list(distribution),
        "recordSet": list(record_sets),
    }
    (place / CROISSANT).write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def tars_of(stats: Sequence[ShardStats]) -> list[dict[str, Any]]:
    """Each tar, and the records in all of them."""
    files = [file_object(one, _TAR_ENCODING) for one in stats]
    inside = [{"@id": one.file} for one in stats]
    return [*files, file_set(TARS, encodingFormat="application/json", includes="*.json", containedIn=inside)]


def file_object(one: ShardStats, encoding: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": one.file,
        "name": one.file,
        "contentUrl": one.file,
        "contentSize": f"{one.bytes} B",
        "encodingFormat": encoding,
        "sha256": one.sha256,
    }


def file_set(records: str, **values: Any) -> dict[str, Any]:
    """What the record set ``records`` reads."""
    return {"@type": "cr:FileSet", "@id": f"{records}-files", "name": f"{records}-files", **values}


def record_set(name: str, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"The samples in the format {name}.",
        "field": list(fields),
    }


def fields_of_tars() -> list[dict[str, Any]]:
    """Readers of Croissant take no field out of JSON within an archive: the record is given whole."""
    path = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": r"^(.*)\.json$"}}
    content = {"extract": {"fileProperty": "content"}}
    return [
        record_field(TARS, "name", "sc:Text", "What the members of a sample are called.", path),
        record_field(TARS, "record", "sc:Text", "Its record, JSON.", content),
    ]


def record_field(records: str, name: str, kind: str, description: str, source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{records}/{name}",
        "name": name,
        "description": description,
        "dataType": kind,
        "source": {"fileSet": {"@id": f"{records}-files"}, **source},
    }
