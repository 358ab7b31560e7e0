"""Pictures and files for the tests."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def scene(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth shades with some edges: as compressible as a photograph."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    patch = Image.new("RGB", (max(1, width // 5), max(1, height // 4)), tuple(random.integers(0, 256, 3).tolist()))
    picture.paste(patch, (width // 3, height // 3))
    return picture


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_file(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG of any depth and colour type (ISO 15948, 11.2.2); ``rows`` with their filter bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(rows, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pixels(image: Image.Image) -> NDArray[np.int64]:
    """(h, w, 3), signed, so that differences can be taken."""
    return np.asarray(image.convert("RGB")).astype(np.int64)
