"""The embeddings that stand beside annotations, against the annotations, which hold the same."""

from __future__ import annotations

from transforms.annotating.embedding_files import about_vectors, vectors_file
from transforms.datasets import ShardName, read_table
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder
from transforms.stages import ANNOTATE
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.listing import shard_file


def check_embeddings(folder: RunFolder, name: ShardName, files: tuple[StoragePath, ...]) -> list[Finding]:
    """Of one shard; where its annotations are not there or broken, that is told elsewhere."""
    annotations = shard_file(folder, ANNOTATE, name)
    vectors, about = files
    remove = (*files, annotations)  # which are the sign that all of them are there
    try:
        table = read_table(annotations, folder.fingerprint)
    except RunFolderError:
        return []
    try:
        if not read_table(about, folder.fingerprint).equals(about_vectors(table)):
            return [Finding(about, f"does not name the rows of {annotations.name}", ANNOTATE, remove)]
    except RunFolderError as error:
        return [Finding(about, str(error).removeprefix(f"{about} ").partition(". Stage ")[0], ANNOTATE, remove)]
    if not vectors.is_file() or vectors.read_bytes() != vectors_file(table):
        return [Finding(vectors, f"does not hold the embeddings of {annotations.name}", ANNOTATE, remove)]
    return []
