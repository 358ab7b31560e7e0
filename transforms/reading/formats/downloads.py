"""The images of documents, as img2dataset downloaded them: those of ``a.parquet`` in the tars of the folder ``a``.

Each image has a .json beside it with the ``url`` that it came from, by which it is joined to the documents of its file,
and of no other: so each worker has all that it needs in one shard, whatever the size of the corpus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from transforms.errors import InputError
from transforms.reading.document import Document, image_key
from transforms.reading.files import common_folder, require_utf8, shard_names
from transforms.reading.formats.tar_groups import TarGroup, read_groups
from transforms.reading.formats.webdataset import TarImages, image_ending, most_bytes, no_image
from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample
from transforms.reading.settings import SourceSettings
from transforms.reading.source_record import SourceRecord, read_record
from transforms.reading.versions import files_version
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath, StoredFile

_OFFSET_BITS = 40  # of a byte in one tar: 1 TB; the bits above are the number of the tar
_DOCUMENTS, _TAR = ".parquet", ".tar"


class _Place(NamedTuple):
    """Where a document shows an image."""

    key: str
    caption: str | None
    record: SourceRecord


def cut_with_downloads(source: SourceSettings, files: Sequence[StoredFile], _: int) -> list[InputShard]:
    """A shard a file of documents, with the tars of its images behind it.

    What lies in the folder of a file belongs to that file, the tables that img2dataset writes beside its tars too.
    Raises InputError for a file without tars.
    """
    folder = common_folder(files)
    stems = {file.path.path.removesuffix(_DOCUMENTS): file.path for file in files}
    documents = [file for file in files if _owner(file.path, stems) is None]
    tars: dict[str, list[StoredFile]] = {file.path.path: [] for file in documents}
    for file in folder.stored_below():
        owner = _owner(file.path, stems)
        if file.path.name.lower().endswith(_TAR) and owner is not None and owner.path in tars:
            tars[owner.path].append(file)
    for file in documents:
        require_utf8(file.path, source)
        if not tars[file.path.path]:
            raise InputError(
                f"source {source.name}: no tars in {file.path.path.removesuffix(_DOCUMENTS)}, where the images of "
                f"{file.path} belong. Download them into it with img2dataset, or name their column: document_images: "
                "column."
            )
    names = shard_names([file.path.relative_to(folder) for file in documents])
    shards = []
    for name, file in zip(names, documents, strict=True):
        together = [file, *tars[file.path.path]]
        listed = tuple(one.path.relative_to(folder) for one in together)
        size_bytes = sum(one.size_bytes for one in together)
        shards.append(InputShard(source.name, name, source.format, folder, size_bytes, listed, files_version(together)))
    return sorted(shards, key=lambda shard: shard.name)


def _owner(path: StoragePath, stems: dict[str, StoragePath]) -> StoragePath | None:
    """The file of documents into whose folder a path leads; of several the outermost."""
    parts = path.path.split("/")
    return next((stems[stem] for end in range(1, len(parts)) if (stem := "/".join(parts[:end])) in stems), None)


def read_downloads(
    shard: InputShard, source: SourceSettings, documents: Iterable[Document | Reject]
) -> Iterator[RawSample | Reject]:
    """Every image that a document names, in the order of the tars; those which are in none of them come last.

    Several documents may show one image, and one may be downloaded several times: the first counts.
    ``member_offset`` is the number of the tar, in the higher bits, and the byte where the image begins. Images of no
    document are rejects.
    """
    places: dict[str, list[_Place]] = {}
    for document in documents:
        if isinstance(document, Reject):
            yield document
            continue
        for position in document.positions:
            key = image_key(document.name, position)
            place = _Place(key, document.caption(position, source), document.record(position))
            places.setdefault(document.images[position] or "", []).append(place)
    shown = set(places)
    for number, name in enumerate(shard.files[1:]):
        path = shard.file(name)
        for group in read_groups(shard, path, path.size_bytes(), most_bytes):
            if isinstance(group, Reject):
                yield group._replace(key=f"{name}:{group.key}")
            elif (url := _url(group)) not in shown:
                detail = f"no document of {shard.files[0]} names {str(url)[:200]!r}"
                yield Reject(f"{name}:{group.key}", Reason.NOT_IN_DOCUMENT, detail)
            elif url in places:
                yield from _images(group, number, places.pop(url), source)
    for url, missing in places.items():
        yield from (Reject(place.key, Reason.MISSING_IMAGE, f"{url:.200} is in none of the tars") for place in missing)


def _images(group: TarGroup, number: int, places: list[_Place], source: SourceSettings) -> Iterator[RawSample | Reject]:
    ending = image_ending(group)
    fault = no_image(group) if ending is None else group.unread(ending, "json")
    for place in places:
        if ending is None or fault is not None:
            assert fault is not None
            yield fault._replace(key=place.key)
            continue
        image = group.members[ending]
        offset = (number << _OFFSET_BITS) + image.data_offset
        required = source.caption == "required"
        yield checked_sample(place.key, image.data, place.caption, offset, required, place.record)


def _url(group: TarGroup) -> str | None:
    member = group.members.get("json")
    values = read_record(member.data).values if member is not None else None
    url = None if values is None else values.get("url")
    return url if isinstance(url, str) else None


class DownloadedImages:
    """Images by the number of their tar and the byte where they begin.

    On a disk the tar of the last one stays open; in a store, where that costs nothing, all that were asked for.
    """

    def __init__(self, shard: InputShard) -> None:
        self._shard = shard
        self._tars: dict[int, TarImages] = {}
        self.takes_turns = not shard.path.root

    def read_into(self, member_offset: int, target: memoryview) -> int:
        number, offset = divmod(member_offset, 1 << _OFFSET_BITS)
        tar = self._tars.get(number)
        if tar is None:
            if self.takes_turns:
                self.close()
            tar = self._tars.setdefault(number, TarImages(self._shard.file(self._shard.files[1 + number])))
        return tar.read_into(offset, target)

    def close(self) -> None:
        for tar in self._tars.values():
            tar.close()
        self._tars.clear()
