"""The digest of a shard differs wherever anything does that annotations are made of."""

from __future__ import annotations

import pathlib

from tests.transforms.exporting.small_run import draw_tars
from transforms.annotating.input_digest import digest_of
from transforms.reading.listing import list_shards


def test_the_digest_sees_captions_keys_and_order(tmp_path: pathlib.Path) -> None:
    source = draw_tars(tmp_path / "raw", shards=1, samples=3)
    path = tmp_path / "raw" / "00000.tar"
    data = path.read_bytes()
    sample = data.index(b"0001.jpg"), data.index(b"0002.jpg")
    remade = [
        data,
        data.replace(b"image 0 1", b"other 0 1"),
        data[: sample[0]] + data[sample[1] : -10240] + data[sample[0] : sample[1]] + data[-10240:],
        data[:700] + bytes([data[700] ^ 1]) + data[701:],
    ]
    digests = []
    for content in remade:
        path.write_bytes(content)
        digests.append(digest_of(list_shards(source)[0], source))
    assert len(set(digests)) == len(remade)
    path.write_bytes(data)
    assert digest_of(list_shards(source)[0], source) == digests[0]
