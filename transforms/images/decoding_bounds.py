"""How much work a file asks of its decoder, counted on its bytes before any is decoded.

Pillow and libjpeg-turbo bound the pixels of an image, and what one piece of text may unpack to. A small file can still
ask for minutes or gigabytes: scans that go over all pixels again, thousands of segments, compressed profiles one after
the other, EXIF values that overlap. What is counted here is the same on every machine, which a clock would not be.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Scans of one JPEG, as libjpeg-turbo's own fuzzers bound them (TJPARAM_SCANLIMIT in its folder fuzz): its
#: progressive script has 10.
MAX_SCANS = 500
#: Scans × pixels, in images of the most pixels allowed: twice what the progressive script costs the largest of them.
#: Even an empty scan costs a step at each pixel.
MAX_SCANS_OF_LARGEST = 20
#: Segments of one JPEG. An ICC profile may take 255 (ICC.1, annex B.4), a scan a few tables; as many full ones as this
#: hold 256 MiB of metadata.
MAX_SEGMENTS = 4096
#: PNG's chunks of compressed metadata, each of which Pillow unpacks to 1 MiB: files have a profile and some texts.
MAX_PACKED_CHUNKS = 256
#: What the values of one EXIF directory may add up to: Pillow's own bound for the texts of a PNG. In a true file they
#: lie side by side, so that they are no longer than the block itself.
MAX_EXIF_BYTES = 64 << 20

_SOI = b"\xff\xd8"
_SOS, _EOI = 0xDA, 0xD9
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)  # SOF of ITU-T T.81, table B.1; DHT, JPG and DAC lie among them
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xDA)))
#: A marker amid entropy-coded data: neither a stuffed byte, nor a restart, nor filling.
_NEXT_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
_PACKED = (b"iCCP", b"zTXt", b"iTXt")
_COMPRESSION, _OLD_JPEG, _NEW_JPEG, _PIECES = 259, 6, 7, (273, 324)  # TIFF 6.0: a tag, its values, strips and tiles
#: Bytes of a value by TIFF type (TIFF 6.0, section 2, and BigTIFF's 16); of others Pillow reads none.
_TYPE_BYTES = np.zeros(65536, dtype=np.int64)
_TYPE_BYTES[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16]] = 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 8
_ENTRY = {
    order: np.dtype([("tag", f"{order}u2"), ("type", f"{order}u2"), ("count", f"{order}u4"), ("at", f"{order}u4")])
    for order in "<>"
}


def excess_work(data: bytes, max_pixels: int) -> str | None:
    """What a JPEG, PNG or TIFF asks too much of, where at most ``max_pixels`` an image are allowed; None: nothing."""
    if data.startswith(_SOI):
        return _excess_of_jpeg(data, max_pixels)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _excess_of_png(data)
    if data[:4] in (b"II+\0", b"MM\0+"):
        return "a BigTIFF, whose directories are not looked through"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _excess_of_exif(data) or _excess_of_tiff(data)
    return None


def excess_metadata(info: Mapping[Any, Any]) -> str | None:
    """The same for what Pillow found before the pixels of a PNG or WebP (``Image.info``)."""
    exif = info.get("exif")
    if exif is None and (text := info.get("Raw profile type exif")):  # ImageMagick's: three lines, then hexadecimal
        try:
            exif = bytes.fromhex("".join(str(text).split("\n")[3:]))
        except ValueError:
            return None
    return _excess_of_exif(exif) if isinstance(exif, bytes) else None


class _Jpeg(NamedTuple):
    """What stands before the first scan."""

    pixels: int
    has_more_scans: bool
    first_scan: int  # offset of its marker
    segments: int
    exif: bytes
    pictures: bytes  # the index of an MPO


def _excess_of_jpeg(data: bytes, max_pixels: int) -> str | None:
    header = _jpeg_header(data)
    if isinstance(header, str):
        return header
    for block in (header.exif, header.pictures):
        if excess := _excess_of_exif(block):
            return excess
    if not header.has_more_scans or header.pixels > max_pixels:  # too many pixels: refused for that, by its header
        return None
    most = max(1, min(MAX_SCANS, MAX_SCANS_OF_LARGEST * max_pixels // max(header.pixels, 1)))
    scans, segments, position = 0, header.segments, header.first_scan
    while position >= 0:
        kind = data[position + 1]
        scans, segments = scans + (kind == _SOS), segments + 1
        if scans > most:
            return f"more than {most} scans over {header.pixels} pixels"
        if segments > MAX_SEGMENTS:
            return f"more than {MAX_SEGMENTS} segments"
        if kind == _EOI:
            return None
        following = _NEXT_MARKER.search(data, position + 2 + int.from_bytes(data[position + 2 : position + 4], "big"))
        position = following.start() if following else -1
    return None


def _jpeg_header(data: bytes) -> _Jpeg | str:
    """Walks over the segments as Pillow does, which skips what lies between them; a text where they are too many."""
    pixels = components = segments = 0
    more, exif, pictures = False, [], b""
    position = data.find(b"\xff", 2)
    while 0 <= position < len(data) - 3:
        kind = data[position + 1]
        if kind == 0xFF:
            position += 1
            continue
        if kind == 0 or kind in _WITHOUT_LENGTH:
            position = data.find(b"\xff", position + 2)
            continue
        segments += 1
        if segments > MAX_SEGMENTS:
            return f"more than {MAX_SEGMENTS} segments"
        begin, end = position + 4, position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if kind in _FRAMES:
            height, width = int.from_bytes(data[begin + 1 : begin + 3], "big"), data[begin + 3 : begin + 5]
            pixels, components = height * int.from_bytes(width, "big"), data[begin + 5] if begin + 5 < len(data) else 0
            more = kind in _PROGRESSIVE
        elif kind == 0xE1 and data.startswith(b"Exif\0\0", begin):
            exif.append(data[begin + 6 : end])
        elif kind == 0xE2 and data.startswith(b"MPF\0", begin):
            pictures = data[begin + 4 : end]
        elif kind == _SOS:
            more = more or data[begin : begin + 1] < bytes([components])
            return _Jpeg(pixels, more, position, segments - 1, b"".join(exif), pictures)
        position = data.find(b"\xff", max(end, position + 2))
    return _Jpeg(pixels, False, len(data), segments, b"".join(exif), pictures)


def _excess_of_png(data: bytes) -> str | None:
    packed, position = 0, 8
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind in _PACKED:
            packed += 1
            if packed > MAX_PACKED_CHUNKS:
                return f"more than {MAX_PACKED_CHUNKS} chunks of compressed metadata"
        position += 12 + length
    return None


def _excess_of_tiff(data: bytes) -> str | None:
    """Counts the scans of a first picture whose strips or tiles are JPEGs."""
    entries = _first_directory(data)
    kind = entries["at"][entries["tag"] == _COMPRESSION][:1]
    values = kind if data.startswith(b"II") else kind >> 16  # a short stands at the beginning of four bytes
    if values.tolist() not in ([_OLD_JPEG], [_NEW_JPEG]):
        return None
    pieces = int(entries["count"][np.isin(entries["tag"], _PIECES)].sum())
    if data.count(bytes((0xFF, _SOS))) > MAX_SCANS_OF_LARGEST * max(pieces, 1):
        return f"more than {MAX_SCANS_OF_LARGEST} scans a strip or tile, of {pieces}"
    return None


def _first_directory(block: bytes) -> NDArray[np.void]:
    """Its entries, as many as the block has room for."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    begin = struct.unpack_from(order + "I", block, 4)[0] if order is not None and len(block) >= 8 else len(block)
    if order is None or begin + 2 > len(block):
        return np.empty(0, _ENTRY["<"])
    room = (len(block) - begin - 2) // 12
    count = min(struct.unpack_from(order + "H", block, begin)[0], room)
    return np.frombuffer(block, _ENTRY[order], count, begin + 2)


def _excess_of_exif(block: bytes) -> str | None:
    """Adds up the values of the first directory, all that Pillow reads of a block to find the orientation."""
    block = block.removeprefix(b"Exif\0\0")
    entries = _first_directory(block)
    sizes = entries["count"].astype(np.int64) * _TYPE_BYTES[entries["type"]]
    copied = int(np.minimum(sizes, np.maximum(len(block) - entries["at"].astype(np.int64), 0)).sum())
    if copied > MAX_EXIF_BYTES:
        return f"EXIF values of {copied} bytes in a block of {len(block)}"
    return None
