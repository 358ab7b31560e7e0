"""A tar laid out beforehand is the tar that the standard library writes, whatever the windows."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.tar.tar_members import member_texts
from transforms.exporting.members import Members
from transforms.tar.columns import TEXT
from transforms.tar.layout import TarBuffer, TarLayout

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=700)
images = st.integers(0, 1600).map(lambda size: b"\7" * size)
samples = st.tuples(member_texts, st.sampled_from(["jpg", "webp"]), images, st.none() | texts, texts)


def reference(of: list[tuple[str, str, bytes, str | None, str]]) -> tuple[bytes, list[int]]:
    """The members as tarfile writes them, and where each sample ends."""
    stream, ends = io.BytesIO(), []
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, image_format, image, caption, record in of:
            parts = {image_format: image, "txt": None if caption is None else caption.encode(), "json": record.encode()}
            for ending, data in parts.items():
                if data is not None:
                    member = tarfile.TarInfo(f"{name}.{ending}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
            ends.append(stream.tell())
        return stream.getvalue()[: ends[-1]], ends


@given(
    of=st.lists(samples, min_size=1, max_size=7),
    window_bytes=st.integers(0, 20_000),
    used_blocks=st.sampled_from([1, 100]),
)
def test_the_tar_is_that_of_tarfile(
    of: list[tuple[str, str, bytes, str | None, str]], window_bytes: int, used_blocks: int
) -> None:
    names, formats, images, captions, records = zip(*of, strict=True)
    columns = (pa.array(column, TEXT) for column in (names, formats, captions, records))
    layout = TarLayout.of(Members(*columns), np.array([len(image) for image in images]))
    buffer = TarBuffer(512 * used_blocks)
    buffer.take(used_blocks)[:] = 255  # used before
    found, ends, expected = b"", [], 0
    for begin, end in layout.windows(window_bytes):
        assert begin == expected
        expected = end
        ends += (len(found) + layout.ends(begin, end)).tolist()
        blocks, places = layout.blocks(begin, end, buffer)
        assert blocks.nbytes <= window_bytes or end == begin + 1
        for place, image in zip(places, images[begin:end], strict=True):
            place[:] = image
        found += blocks.tobytes()
    assert (found, ends) == reference(of)


def test_memory_is_used_again_and_grows() -> None:
    buffer = TarBuffer(2 * 512)
    first, again = buffer.take(2), buffer.take(2)
    assert np.shares_memory(first, again)
    larger = buffer.take(3)
    assert larger.shape == (3, 512)
    assert np.shares_memory(larger, buffer.take(1))
