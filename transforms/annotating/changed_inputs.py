"""Whether an input is still what was annotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transforms.annotating.input_digest import digest_of
from transforms.datasets import read_metadata
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder
from transforms.stages import ANNOTATE, Stage
from transforms.storage import StoragePath

INPUT_DIGEST = "input_digest"  # in the footer of annotations


def files_of(folder: RunFolder, shard: InputShard) -> tuple[StoragePath, StoragePath]:
    """What annotate makes of a shard: annotations and rejects."""
    name = (shard.source, shard.name)
    return folder.annotations(*name), folder.rejects(ANNOTATE.name, *name)


@dataclass(frozen=True)
class AnnotatedInputs:
    """Shards, and what annotate made of them in ``folder``."""

    folder: RunFolder
    inputs: Sequence[InputShard]
    sources: Mapping[str, SourceSettings]

    stage: Stage = ANNOTATE
    done: str = "annotated"

    def made(self) -> list[InputShard]:
        """Those that were annotated."""
        there = set((self.folder.root / "annotations").walk())
        return [shard for shard in self.inputs if files_of(self.folder, shard)[0] in there]

    def is_changed(self, shard: InputShard) -> bool:
        """Reads the shard; False where it has not been annotated. Raises RunFolderError for annotations of another
        run."""
        annotations, _ = files_of(self.folder, shard)
        if not annotations.is_file():
            return False
        made_of = read_metadata(annotations, self.folder.fingerprint).get(INPUT_DIGEST)
        return made_of != digest_of(shard, self.sources[shard.source])

    def remove(self, changed: Sequence[InputShard]) -> None:
        """What was made of these."""
        for shard in changed:
            for path in files_of(self.folder, shard):
                path.remove()
