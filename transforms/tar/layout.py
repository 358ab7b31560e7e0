"""Where everything stands in a tar, known before an image is read: so each image is put straight into its place.

A tar is a row of blocks of 512 bytes. Its small members, and all headers, are laid out for many samples at once; the
images' blocks are left empty.

Shape legend: N samples, T blocks that are not an image's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.tar.columns import BINARY, join, zeros
from transforms.tar.fields import BLOCK_BYTES
from transforms.tar.headers import member_headers

_ZEROS = zeros(BLOCK_BYTES - 1)


class TarBuffer:
    """Memory for a window of a tar, to be used again; grows for a window that is larger."""

    def __init__(self, size_bytes: int) -> None:
        self._blocks = np.empty((size_bytes // BLOCK_BYTES, BLOCK_BYTES), np.uint8)

    def take(self, blocks: int) -> NDArray[np.uint8]:
        """(blocks, 512), holding whatever was there before."""
        if blocks > len(self._blocks):
            self._blocks = np.empty((blocks, BLOCK_BYTES), np.uint8)
        return self._blocks[:blocks]


class Members(NamedTuple):
    """N samples without their images."""

    name: pa.LargeStringArray  # what the members of a sample share
    image_format: pa.LargeStringArray
    caption: pa.LargeStringArray  # null where there is none
    json: pa.LargeStringArray


@dataclass(frozen=True)
class TarLayout:
    """N consecutive samples; positions are blocks, counted from the first sample's first."""

    sample_position: NDArray[np.int64]  # (N + 1,) where each begins, and where the last one ends
    image_position: NDArray[np.int64]  # (N,)
    image_bytes: NDArray[np.int64]  # (N,)
    text: NDArray[np.uint8]  # (T, 512) the blocks that are not an image's, in order
    text_position: NDArray[np.int64]  # (T,)
    first_text: NDArray[np.int64]  # (N + 1,) the first text block of each sample, and T

    @classmethod
    def of(cls, members: Members, image_bytes: NDArray[np.int64]) -> TarLayout:
        """The image, then the caption where there is one, then the JSON, each behind its header."""
        name, image_format, caption, sample_json = members
        image_names = join(name, ".", image_format)
        before = member_headers(image_names, image_bytes)
        captions = _member(name, ".txt", caption).fill_null(b"")
        behind = join(captions, _member(name, ".json", sample_json))
        text = join(before, behind)
        before_blocks = pc.binary_length(before).to_numpy() // BLOCK_BYTES
        behind_blocks = pc.binary_length(behind).to_numpy() // BLOCK_BYTES
        image_blocks = -(-image_bytes // BLOCK_BYTES)
        first_text = _starts(before_blocks + behind_blocks)
        first_image = _starts(image_blocks)
        # Text moves back by the images before it: those of earlier samples, and its own where it stands behind that
        shifts = np.column_stack([first_image[:-1], first_image[1:]]).reshape(-1)
        counts = np.column_stack([before_blocks, behind_blocks]).reshape(-1)
        text_blocks = int(first_text[-1])
        return cls(
            sample_position=first_text + first_image,
            image_position=first_text[:-1] + first_image[:-1] + before_blocks,
            image_bytes=image_bytes,
            text=np.frombuffer(text.buffers()[2], np.uint8, text_blocks * BLOCK_BYTES).reshape(-1, BLOCK_BYTES),
            text_position=np.arange(text_blocks) + np.repeat(shifts, counts),
            first_text=first_text,
        )

    def windows(self, window_bytes: int) -> Iterator[tuple[int, int]]:
        """Ranges of samples of at most ``window_bytes``, or of one sample."""
        begin = 0
        while begin < len(self.image_bytes):
            limit = self.sample_position[begin] + window_bytes // BLOCK_BYTES
            end = max(int(np.searchsorted(self.sample_position, limit, side="right")) - 1, begin + 1)
            yield begin, end
            begin = end

    def blocks(self, begin: int, end: int, buffer: TarBuffer) -> tuple[NDArray[np.uint8], list[memoryview]]:
        """(B, 512) blocks of samples ``begin`` to ``end``, whole but for the images, and the place of each image.

        Both lie in ``buffer``.
        """
        origin = self.sample_position[begin]
        blocks = buffer.take(int(self.sample_position[end] - origin))
        first = self.image_position[begin:end] - origin
        size = self.image_bytes[begin:end]
        blocks[first + np.maximum(size - 1, 0) // BLOCK_BYTES] = 0  # an image's last block is filled up with zeros
        text = slice(self.first_text[begin], self.first_text[end])
        blocks[self.text_position[text] - origin] = self.text[text]
        flat = blocks.reshape(-1).data
        starts = first * BLOCK_BYTES
        return blocks, [flat[a:b] for a, b in zip(starts.tolist(), (starts + size).tolist(), strict=True)]

    def ends(self, begin: int, end: int) -> NDArray[np.int64]:
        """Where samples ``begin`` to ``end`` end, in bytes from the beginning of the first."""
        ends: NDArray[np.int64] = self.sample_position[begin + 1 : end + 1] - self.sample_position[begin]
        return ends * BLOCK_BYTES


def _member(name: pa.LargeStringArray, ending: str, text: pa.LargeStringArray) -> pa.LargeBinaryArray:
    """(N,) members: header, text, zeros up to a whole block; null where there is no text."""
    size_bytes = pc.binary_length(text).fill_null(0).to_numpy()
    headers = member_headers(join(name, ending), size_bytes)
    padding = _ZEROS.take(pa.array(-size_bytes % BLOCK_BYTES))
    return join(headers, text.cast(BINARY), padding)


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) counts → (N + 1,) where each begins, and the total."""
    return np.concatenate([[0], np.cumsum(counts)])
