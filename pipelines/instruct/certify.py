"""Job: the published files once more against the benchmarks, so that the certificate speaks of what is handed on."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import apache_beam as beam
from rich.text import Text

from pipelines.instruct.run import InstructRun
from transforms.at_rest import parsing, read_json
from transforms.beam import CollectToList
from transforms.exporting.manifest import MANIFEST, read_manifest
from transforms.instruct.decontaminating.final import certify_published
from transforms.instruct.decontaminating.published import Scanned, published_source, scan_part
from transforms.instruct.publishing.shards import ENDINGS
from transforms.instruct.reading.inputs import InstructPart, list_parts
from transforms.instruct.settings import InstructSource
from transforms.stages import DECONTAMINATE, PUBLISH


def certify(run: InstructRun) -> None:
    """Compares what was published, unless the certificate speaks of these files already, and says what was found."""
    if DECONTAMINATE.name not in run.settings.stages:
        return
    manifest = hashlib.sha256((run.folder.mixture / MANIFEST).read_bytes()).hexdigest()
    path = run.folder.contamination_certificate
    with parsing(path):
        final = read_json(path).get("final")
    if final is None or final["manifest_sha256"] != manifest:
        final = _certified(run, manifest)
    line = f"certificate: {final['rows']:,} published rows compared again, {final['left']:,} of what was to go are left"
    run.console.print(Text(line), soft_wrap=True)


def _certified(run: InstructRun, manifest_sha256: str) -> dict[str, Any]:
    folder, settings, publish = run.folder, run.settings.decontaminate, run.settings.publish
    shards = read_manifest(folder.mixture, folder.fingerprints[PUBLISH.name])["shards"]
    ending = ENDINGS[publish.formats[0]]  # each format holds all
    splits = sorted({shard["file"].partition("/")[0] for shard in shards})
    sources = [published_source(f"{folder.mixture}/{split}/*{ending}", publish.boxes) for split in splits]
    parts = [(part, source) for source in sources for part in list_parts(source)]
    left = folder.root / ".certified.json"

    def sums(scanned: list[Scanned]) -> None:
        found = sorted(one for file in scanned for one in file.found)
        left.write_text(json.dumps({"rows": sum(file.rows for file in scanned), "found": found}))

    def scan(part: InstructPart, source: InstructSource) -> Scanned:
        return scan_part(folder, settings, part, source)

    def build(pipeline: beam.Pipeline) -> None:
        scanned = pipeline | "Shards" >> beam.Create(parts) | "Compare again" >> beam.MapTuple(scan)
        zero = pipeline | "No shard" >> beam.Create([Scanned(0, ())])
        _ = (scanned, zero) | beam.Flatten() | CollectToList() | "Leave sums" >> beam.Map(sums)

    with run.engine.progress(run.console, "certify", None):
        run.engine.run(build)
    with parsing(left):
        values = read_json(left)
    found = [tuple(one) for one in values["found"]]
    final = certify_published(folder, settings, values["rows"], found, manifest_sha256)
    left.delete()
    return final
