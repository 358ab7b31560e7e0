"""Whether an input is still what was annotated."""

from __future__ import annotations

from transforms.annotating.input_digest import digest_of
from transforms.datasets import read_metadata
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder
from transforms.stages import ANNOTATE
from transforms.storage import StoragePath

INPUT_DIGEST = "input_digest"  # in the footer of annotations


def files_of(folder: RunFolder, shard: InputShard) -> tuple[StoragePath, StoragePath]:
    """What annotate makes of a shard: annotations and rejects."""
    name = (shard.source, shard.name)
    return folder.annotations(*name), folder.rejects(ANNOTATE.name, *name)


def is_changed(folder: RunFolder, shard: InputShard, source: SourceSettings) -> bool:
    """Reads the shard; False where it has not been annotated. Raises RunFolderError for annotations of another run."""
    annotations, _ = files_of(folder, shard)
    if not annotations.is_file():
        return False
    return read_metadata(annotations, folder.fingerprint).get(INPUT_DIGEST) != digest_of(shard, source)
