"""A packed set as it lies on disk, in the native layout: its names, its version, and any pack of it by number.

A folder holds ``packing.json`` (layout, tokenizer, limits), ``manifest.json`` (the shards) and ``<name>-%06d.tar`` with
an index ``.tar.idx`` of where each pack begins (little-endian 64-bit offsets, Megatron-Energon's own form). A pack is
one WebDataset sample:

    ps_00000042.safetensors   input_ids, labels (L,) int32; document_lengths (D,) int32; image_grids, video_grids (I, 3)
    ps_00000042.img0.jpg …    original bytes of the images, in the order in which the documents show them
    ps_00000042.vid0.mp4 …    the same for videos; their frames are chosen when they are read
    ps_00000042.json          the documents: key, source, messages, sizes, and each one's tokens and patches; last the
                              sum of the pack, by which damage is found

A reader takes one read of the tar for a pack, and no look at any other.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from transforms.at_rest import read_json, shaped
from transforms.conversations.document import Document
from transforms.errors import InputError
from transforms.exporting.manifest import read_manifest
from transforms.packing.documents.image_tokens import PixelLimits
from transforms.packing.layouts.pack_sum import is_sound
from transforms.storage import StoragePath

LAYOUT, LAYOUT_VERSION = "native", 2
PACKING_JSON = "packing.json"
_OPEN_SHARDS = 32  # files that a reader keeps open


@dataclass(frozen=True)
class StoredPack:
    """One pack, nothing decoded. Documents stand one after another in the arrays."""

    key: str
    input_ids: NDArray[np.int32]  # (L,)
    labels: NDArray[np.int32]  # (L,)
    document_lengths: NDArray[np.int32]  # (D,)
    image_grids: NDArray[np.int64]  # (I, 3)
    video_grids: NDArray[np.int64]  # (V, 3)
    documents: tuple[Document, ...]
    images: tuple[bytes, ...]
    videos: tuple[bytes, ...]
    video_total_frames: tuple[int, ...]


@dataclass(frozen=True)
class _Description:
    """The shape of packing.json, as far as a reader needs it."""

    fingerprint: str
    tokenizer: str
    tokenizer_fingerprint: str
    pack_tokens: int
    image_limits: tuple[int, int]
    video_limits: tuple[int, int]


@dataclass
class PackedSet:
    """A folder of packs, opened. Picklable; files are opened by the process that reads them."""

    folder: StoragePath
    packing: dict[str, Any]
    files: list[str]
    ends: NDArray[np.int64]  # (shards,) running sum of packs
    _open: OrderedDict[int, tuple[pa.NativeFile, NDArray[np.uint64]]] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def open(cls, folder: str | StoragePath, tokenizer_fingerprint: str | None = None) -> PackedSet:
        """``folder`` is a run folder of pack, or its ``packed/``.

        Raises InputError where there is no packed set, when it is of another layout or version, or when it was made
        with a tokenizer other than the one whose fingerprint is given; RunFolderError where its description or its
        manifest is damaged.
        """
        location = StoragePath.of(folder)
        if not (location / PACKING_JSON).is_file() and (location / "packed" / PACKING_JSON).is_file():
            location = location / "packed"
        if not (location / PACKING_JSON).is_file():
            raise InputError(f"no packed set at {location}: it has no {PACKING_JSON}. Run evenweave pack to its end.")
        packing = read_json(location / PACKING_JSON)
        found = packing.get("layout"), packing.get("layout_version")
        if found != (LAYOUT, LAYOUT_VERSION):
            raise InputError(
                f"{location} has layout {found[0]} version {found[1]}, this reader takes {LAYOUT} version "
                f"{LAYOUT_VERSION}. Pack again with layout: {LAYOUT}."
            )
        shaped(location / PACKING_JSON, packing, _Description)
        made_with = packing["tokenizer_fingerprint"]
        if tokenizer_fingerprint is not None and made_with != tokenizer_fingerprint:
            raise InputError(
                f"{location} was packed with tokenizer {made_with} ({packing['tokenizer']}), this one is "
                f"{tokenizer_fingerprint}: its token ids mean something else. Pack again with this tokenizer."
            )
        shards = read_manifest(location, packing["fingerprint"])["shards"]
        ends = np.cumsum([shard["samples"] for shard in shards], dtype=np.int64)
        return cls(location, packing, [shard["file"] for shard in shards], ends)

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": OrderedDict()}

    @property
    def fingerprint(self) -> str:
        return str(self.packing["fingerprint"])

    @property
    def pack_tokens(self) -> int:
        return int(self.packing["pack_tokens"])

    @cached_property
    def image_limits(self) -> PixelLimits:
        return PixelLimits(*self.packing["image_limits"])

    @cached_property
    def video_limits(self) -> PixelLimits:
        return PixelLimits(*self.packing["video_limits"])

    def read_bytes(self, index: int) -> bytes:
        """The tar members of one pack, as they lie in the shard."""
        if not 0 <= index < len(self):
            raise IndexError(f"pack {index} of {len(self)}")
        shard = int(np.searchsorted(self.ends, index, side="right"))
        file, offsets = self._shard(shard)
        row = index - (int(self.ends[shard - 1]) if shard else 0)
        begin, end = int(offsets[row]), int(offsets[row + 1])
        return bytes(file.read_at(end - begin, begin))

    def read(self, index: int) -> StoredPack:
        """Pack ``index`` of the set; raises InputError for one that cannot be read, or is not as it was written."""
        try:
            return parse_pack(self.read_bytes(index))
        except (OSError, tarfile.TarError, LookupError, ValueError, SafetensorError) as error:
            raise InputError(
                f"pack {index} of {self.folder} cannot be read: {error}. Copy the set again, or pack again."
            ) from error

    def _shard(self, shard: int) -> tuple[pa.NativeFile, NDArray[np.uint64]]:
        if shard not in self._open:
            self._open[shard] = self._opened(shard)
            while len(self._open) > _OPEN_SHARDS:
                self._open.popitem(last=False)[1][0].close()
        self._open.move_to_end(shard)
        return self._open[shard]

    def _opened(self, shard: int) -> tuple[pa.NativeFile, NDArray[np.uint64]]:
        """Its file, and where each pack begins; raises InputError where index, manifest and tar do not agree."""
        path, packs = self.folder / self.files[shard], int(np.diff(self.ends, prepend=0)[shard])
        index = StoragePath.of(f"{path}.idx")
        data = index.read_bytes()
        if len(data) != 8 * (packs + 1):
            raise InputError(f"{index} has {len(data)} bytes, {packs} packs need {8 * (packs + 1)}: copy it again")
        offsets = np.frombuffer(data, dtype="<u8")
        if (offsets[1:] <= offsets[:-1]).any():
            raise InputError(f"{index} is damaged, its offsets do not rise: copy it again")
        file = path.open_random()
        if file.size() < offsets[-1]:
            raise InputError(f"{path} is shorter than its index says: copy it again")
        return file, offsets


def parse_pack(data: bytes) -> StoredPack:
    """The members of one pack → the pack. Raises ValueError where they are not as they were written."""
    members: dict[str, bytes] = {}
    key = ""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            key, _, ending = member.name.partition(".")
            members[ending] = data[member.offset_data : member.offset_data + member.size]
    sealed = members.pop("json")
    if not is_sound(members.items(), sealed):
        raise ValueError(f"{key} is not as it was written, its bytes have another sum")
    about = json.loads(sealed)
    arrays = load(members["safetensors"])
    return StoredPack(
        key=key,
        input_ids=arrays["input_ids"],
        labels=arrays["labels"],
        document_lengths=arrays["document_lengths"],
        image_grids=arrays["image_grids"],
        video_grids=arrays["video_grids"],
        documents=tuple(Document.from_dict(document) for document in about["documents"]),
        images=tuple(members[ending] for ending in about["images"]),
        videos=tuple(members[ending] for ending in about["videos"]),
        video_total_frames=tuple(about["video_total_frames"]),
    )
