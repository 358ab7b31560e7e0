"""Small files that ask much of a decoder."""

from __future__ import annotations

import struct
import zlib

from PIL import Image

from tests.transforms.images.pictures import encoded, scene

JPEG = encoded(scene(120, 80), "JPEG", quality=90)
PROGRESSIVE = encoded(scene(120, 80), "JPEG", quality=90, progressive=True)


def with_scans(side: int, scans: int) -> bytes:
    """A black progressive JPEG whose last scan stands there ``scans`` times more: each goes over all pixels again."""
    data = encoded(Image.new("L", (side, side)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + b"\xff\xd9"


def with_comments(count: int, data: bytes = JPEG) -> bytes:
    return data[:2] + b"\xff\xfe\x00\x03a" * count + data[2:]


def exif_block(entries: int, value_bytes: int, block_bytes: int, order: str = ">") -> bytes:
    """A TIFF directory of upright orientation and ``entries`` more, whose values are all the same bytes."""
    head = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(order + "IH", 8, entries + 1)
    upright = struct.pack(order + "HHIHH", 0x0112, 3, 1, 1, 0)
    values = b"".join(struct.pack(order + "HHII", 0x8000 + n, 7, value_bytes, 8) for n in range(entries))
    return (head + upright + values + bytes(4)).ljust(block_bytes, b"x")


def with_exif(block: bytes) -> bytes:
    """In as many segments as it takes, which Pillow joins."""
    parts = [block[at : at + 65_000] for at in range(0, len(block), 65_000)]
    segments = (b"\xff\xe1" + struct.pack(">H", len(part) + 8) + b"Exif\0\0" + part for part in parts)
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def png_with(kind: bytes, body: bytes, count: int = 1) -> bytes:
    """A PNG with ``count`` equal chunks before its pixels."""
    data = encoded(scene(120, 80), "PNG")
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:33] + chunk * count + data[33:]  # the signature's 8 bytes and IHDR's 25
