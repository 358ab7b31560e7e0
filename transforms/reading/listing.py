"""Which files a source consists of, and the shards that they make."""

from __future__ import annotations

from transforms.errors import InputError
from transforms.reading.formats import FORMATS
from transforms.reading.input_shard import InputShard
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath, StoredFile, find_files

__all__ = ["InputShard", "list_shards"]


def list_shards(source: SourceSettings, files_per_shard: int = 1000) -> list[InputShard]:
    """The shards of a source, sorted by name; raises InputError where there are none.

    ``files_per_shard`` is the size of the virtual shards of a folder; other formats have the shards they come in.
    """
    return FORMATS[source.format].cut(source, _matching_files(source), files_per_shard)


def _matching_files(source: SourceSettings) -> list[StoredFile]:
    """Files that the path names and that end as the format does; a file named outright may end as it likes."""
    found = find_files(source.path)
    if [file.path for file in found] == [StoragePath.of(source.path)]:
        return found
    endings = FORMATS[source.format].endings
    files = [file for file in found if file.path.name.lower().endswith(endings)]
    if files:
        return files
    looked_for = f"files ending in {' or '.join(endings)}"
    seen = f"{len(found)} other file(s), such as {found[0].path.name}" if found else "no file at all"
    raise InputError(
        f"source {source.name}: nothing to read at {source.path}. Looked for {looked_for} (format {source.format}), "
        f"found {seen}. Mend the path or the format."
    )
