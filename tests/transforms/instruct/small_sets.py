"""Small instruction sets in every format, with pictures drawn for them."""

from __future__ import annotations

import io
import json
import pathlib
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.rows import Row
from transforms.instruct.settings import InstructSource
from transforms.instruct.standardising import standardise
from transforms.rejects import Reject

SIZE = (64, 40)


def picture(size: tuple[int, int] = SIZE, orientation: int = 1, colour: str = "red") -> bytes:
    """A JPEG of ``size`` as stored, with that EXIF orientation."""
    image = Image.new("RGB", size, colour)
    image.getexif()[0x0112] = orientation
    stream = io.BytesIO()
    image.save(stream, "JPEG", exif=image.getexif())
    return stream.getvalue()


def write_lines(path: pathlib.Path, records: Iterable[Any]) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    return path


def write_parquet(path: pathlib.Path, rows: list[dict[str, Any]]) -> pathlib.Path:
    """In the shape of LLaVA-OneVision-1.5-Instruct: images as bytes and path, conversations as a list of structs."""
    turn = pa.struct([("from", pa.string()), ("value", pa.string())])
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {
        "id": pa.string(),
        "images": pa.list_(image),
        "conversations": pa.list_(turn),
        "data_source": pa.string(),
    }
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(list(columns.items()))), path, row_group_size=2)
    return path


def write_tar(path: pathlib.Path, members: Mapping[str, bytes]) -> pathlib.Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def asked(question: str, answer: str) -> list[dict[str, str]]:
    return [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]


def source(path: pathlib.Path, **more: Any) -> InstructSource:
    return InstructSource(name="s", path=str(path), **more)


def read_all(described: InstructSource, range_bytes: int = 1 << 20) -> tuple[list[Row], list[Reject]]:
    found = [one for part in list_parts(described, range_bytes) for one in standardise(part, described)]
    return [one for one in found if isinstance(one, Row)], [one for one in found if isinstance(one, Reject)]
