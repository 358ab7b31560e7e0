"""Interleaved documents in the layouts in which OBELICS and MINT-1T are published, and downloads as img2dataset's."""

from __future__ import annotations

import io
import json
import pathlib
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

#: texts, and the URLs of images; each null where the other stands. Two documents show the same image.
DOCUMENTS: list[tuple[list[str | None], list[str | None]]] = [
    (
        ["A page on cats.\n\nCats sleep.", None, "A cat on a mat.\n\nMore on mats.", None],
        [None, "https://a.example/cat.jpg", None, "https://a.example/mat.png"],
    ),
    ([None, None, "狗。"], ["https://a.example/cat.jpg", "https://b.example/狗.jpg", None]),
    (["no image here"], [None]),
    (["lost", None], [None, "https://c.example/gone.jpg"]),
]


def picture(seed: int, size: tuple[int, int] = (40, 30)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def tiff(images: Sequence[Image.Image], **options: Any) -> bytes:
    """The images as pages of one file."""
    buffer = io.BytesIO()
    images[0].save(buffer, "TIFF", save_all=True, append_images=list(images[1:]), **options)
    return buffer.getvalue()


def write_tar(path: pathlib.Path, members: Mapping[str, bytes]) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def write_documents(
    path: pathlib.Path, documents: Sequence[tuple[list[str | None], list[str | None]]] = DOCUMENTS, **columns: Any
) -> pathlib.Path:
    """A Parquet file as OBELICS has them; ``columns`` come on top, or in the place of its own."""
    metadata = [
        [None if url is None else {"src": url, "alt_text": f"alt of {url[-7:]}", "original_width": 40} for url in urls]
        for _, urls in documents
    ]
    table = {
        "images": pa.array([urls for _, urls in documents], pa.list_(pa.string())),
        "metadata": [json.dumps(row) for row in metadata],
        "general_metadata": [json.dumps({"url": f"https://page/{row}"}) for row in range(len(documents))],
        "texts": pa.array([texts for texts, _ in documents], pa.list_(pa.string())),
        **columns,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: column for name, column in table.items() if column is not None}), path)
    return path


def downloaded(urls: Mapping[str, bytes], first: int = 0) -> dict[str, bytes]:
    """Members of a tar as img2dataset writes them: url → bytes of the image."""
    members = {}
    for number, (url, data) in enumerate(urls.items(), start=first):
        members[f"{number:09d}.jpg"] = data
        members[f"{number:09d}.json"] = json.dumps({"url": url, "status": "success", "key": f"{number:09d}"}).encode()
    return members


def mint(
    key: str, texts: list[str | None], images: list[str | None], pages: bytes | None, **more: Any
) -> dict[str, bytes]:
    """A document of MINT-1T: its JSON, and the TIFF of its images."""
    said = [
        {"height": 30, "width": 40, "page": page, "xref": 7, "sha256": "0" * 64}
        for page in range(len(images) - images.count(None))
    ]
    record = {"texts": texts, "images": images, "image_metadata": said, "url": f"https://pdf/{key}", **more}
    members = {f"{key}.json": json.dumps(record).encode()}
    return members if pages is None else {**members, f"{key}.tiff": pages}
