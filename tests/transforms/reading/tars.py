"""Tars for the tests, member by member, whole or broken."""

from __future__ import annotations

import io
import pathlib
import tarfile
from collections.abc import Iterable

from transforms.reading.listing import InputShard, list_shards
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject


def tar_bytes(members: Iterable[tuple[str, bytes]], tar_format: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def only_shard(path: pathlib.Path, data: bytes, **settings: str) -> tuple[InputShard, SourceSettings]:
    path.write_bytes(data)
    source = SourceSettings.model_validate({"name": "test", "format": "webdataset", "path": str(path), **settings})
    [shard] = list_shards(source)
    return shard, source


def read_tar(path: pathlib.Path, data: bytes, **settings: str) -> list[RawSample | Reject]:
    return list(read_samples(*only_shard(path, data, **settings)))


def triple(key: str, ending: str = "jpg") -> list[tuple[str, bytes]]:
    """Image, caption and metadata of one good sample (the bytes are no picture: reading decodes nothing)."""
    return [
        (f"{key}.{ending}", f"image of {key}".encode("utf-8", "surrogateescape")),
        (f"{key}.json", b'{"width": 3}'),
        (f"{key}.txt", f"caption of {key.encode('ascii', 'replace').decode()}".encode()),
    ]
