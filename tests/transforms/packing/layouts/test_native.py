"""Packs in the native layout hold every document, as it was, with the tokens that it has alone."""

from __future__ import annotations

import hashlib
import json
import pathlib
import tarfile
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.transforms.packing.corpus import both_sources, pack_all, pack_job
from transforms.errors import InputError
from transforms.packing.documents.chat import Tokenised
from transforms.packing.job.groups import PackJob, load_chat
from transforms.packing.layouts import native_reader
from transforms.packing.layouts.native_reader import PackedSet, StoredPack


def documents_of(pack: StoredPack) -> list[Tokenised]:
    """A pack taken apart again."""
    ends = np.cumsum(pack.document_lengths)
    images = np.cumsum([len(document.images) for document in pack.documents])
    videos = np.cumsum([len(document.videos) for document in pack.documents])
    parts = []
    for row, document in enumerate(pack.documents):
        tokens = slice(ends[row] - pack.document_lengths[row], ends[row])
        parts.append(
            Tokenised(
                pack.input_ids[tokens],
                pack.labels[tokens],
                pack.image_grids[images[row] - len(document.images) : images[row]],
                pack.video_grids[videos[row] - len(document.videos) : videos[row]],
            )
        )
    return parts


def assert_unpacks_to_what_each_document_is_alone(job: PackJob) -> set[tuple[str, str]]:
    """Returns source and key of all documents found."""
    packed = PackedSet.open(job.packed)
    found = []
    for index in range(len(packed)):
        pack = packed.read(index)
        assert len(pack.input_ids) == pack.document_lengths.sum() <= job.pack.pack_tokens
        assert len(pack.images) == len(pack.image_grids) and len(pack.videos) == len(pack.video_grids)
        for ours, alone in zip(documents_of(pack), load_chat(job.pack).encode(pack.documents), strict=True):
            assert isinstance(alone, Tokenised)
            for name in ("token_ids", "labels", "image_grids", "video_grids"):
                assert np.array_equal(getattr(ours, name), getattr(alone, name)), name
        found += [(document.source, document.key) for document in pack.documents]
    assert len(found) == len(set(found))
    return set(found)


def test_every_document_once_and_as_it_is_alone(tmp_path: pathlib.Path) -> None:
    job = pack_job(tmp_path / "run", both_sources(tmp_path))
    records = pack_all(job)
    assert len(records) == 2
    found = assert_unpacks_to_what_each_document_is_alone(job)
    assert found == {("pairs", f"{n:06d}") for n in range(60)} | {("instruct", f"{n:08d}") for n in range(4)}
    assert sum(record.counts.rows_out for record in records) == 64


def test_media_come_out_as_they_went_in(tmp_path: pathlib.Path) -> None:
    job = pack_job(tmp_path / "run", both_sources(tmp_path)[1:])
    pack_all(job)
    media = tmp_path / "instruct" / "media"
    [pack] = map(PackedSet.open(job.packed).read, [0])
    assert set(map(digest, pack.images)) == {digest((media / name).read_bytes()) for name in ("a.jpg", "b.png")}
    assert list(map(digest, pack.videos)) == [digest((media / "c.mp4").read_bytes())]
    assert pack.video_total_frames == (12,)
    assert pack.video_grids[0, 0] == 4  # frames shown


def digests(folder: pathlib.Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): digest(path.read_bytes()) for path in files}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_resumed_or_in_another_order_the_bytes_are_the_same(tmp_path: pathlib.Path) -> None:
    sources = both_sources(tmp_path)
    whole = pack_job(tmp_path / "whole", sources)
    pack_all(whole)
    broken = pack_job(tmp_path / "broken", sources[::-1])
    pack_all(broken)
    finished = tmp_path / "broken" / "packed" / "packs-000000.tar"
    (tmp_path / "broken" / "packed" / ".groups" / "000001.json").unlink()
    (tmp_path / "broken" / "packed" / "packs-001000.tar").write_bytes(b"half")
    before = finished.stat().st_mtime_ns
    pack_all(broken)
    assert finished.stat().st_mtime_ns == before
    assert digests(tmp_path / "broken") == digests(tmp_path / "whole")


def test_shards_are_cut_by_size(tmp_path: pathlib.Path) -> None:
    job = pack_job(tmp_path / "run", both_sources(tmp_path), shards={"max_shard_bytes": 40_000})
    pack_all(job)
    shards = json.loads((job.packed / "manifest.json").read_text())["shards"]
    assert len(shards) > 3
    assert [shard["file"] for shard in shards] == sorted(shard["file"] for shard in shards)
    assert len(assert_unpacks_to_what_each_document_is_alone(job)) == 64


def test_permuted_inputs_hold_the_same_documents(tmp_path: pathlib.Path) -> None:
    sources = both_sources(tmp_path)
    found = []
    for seed in (0, 1):
        job = pack_job(tmp_path / f"run-{seed}", sources, seed=seed, group_shards=3)
        pack_all(job)
        found.append(assert_unpacks_to_what_each_document_is_alone(job))
    assert found[0] == found[1]
    files = [(tmp_path / f"run-{seed}" / "packed" / "packs-000000.tar").read_bytes() for seed in (0, 1)]
    assert files[0] != files[1]


def test_long_documents_are_rejected_or_split(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "instruct"
    turns = [{"from": who, "value": f"{'word ' * 40}{n}"} for n in range(6) for who in ("human", "gpt")]
    sources = both_sources(tmp_path)[1:]
    (folder / "records.json").write_text(json.dumps([{"conversations": turns}, {"conversations": turns[:2]}]))
    for over_long, keys in (("reject", {"00000001"}), ("split_at_turns", None)):
        job = pack_job(tmp_path / over_long, sources, pack_tokens=400, over_long=over_long)
        [record] = pack_all(job)
        found = {key for _, key in assert_unpacks_to_what_each_document_is_alone(job)}
        if keys is not None:
            assert found == keys
            assert record.counts.rejects == {"too_long": 1}
            rejects = pq.read_table(tmp_path / over_long / "rejects" / "pack" / "instruct" / "records.parquet")
            assert "tokens, a pack holds 400" in rejects["detail"][0].as_py()
        else:
            assert record.counts.to_dict() == {"rows_in": 2, "rows_out": 2, "rejects": {}}
            assert {key.partition("#")[0] for key in found} == {"00000000", "00000001"} and len(found) > 3


@pytest.mark.parametrize(
    "change, message",
    [
        ({"layout_version": 1}, "layout native version 1, this reader takes native version 2"),
        ({"layout": "messages"}, "layout messages"),
    ],
)
def test_other_sets_are_refused(tmp_path: pathlib.Path, change: dict[str, Any], message: str) -> None:
    job = pack_job(tmp_path / "run", both_sources(tmp_path)[1:])
    pack_all(job)
    PackedSet.open(str(tmp_path / "run"), load_chat(job.pack).fingerprint)
    with pytest.raises(InputError, match=r"packed with tokenizer .*, this one is ffff"):
        PackedSet.open(job.packed, "ffff")
    path = tmp_path / "run" / "packed" / "packing.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=message):
        PackedSet.open(job.packed)
    with pytest.raises(InputError, match="no packed set"):
        PackedSet.open(str(tmp_path))


def test_any_flipped_bit_is_found(tmp_path: pathlib.Path) -> None:
    """In every member: tokens, images, text. Only where tars are padded may bits differ."""
    job = pack_job(tmp_path / "run", both_sources(tmp_path, tars=1), pack_tokens=400)
    pack_all(job)
    shard = tmp_path / "run" / "packed" / "packs-000000.tar"
    sound = PackedSet.open(job.packed).read(0)
    whole = shard.read_bytes()
    end = int(np.frombuffer(shard.with_name(f"{shard.name}.idx").read_bytes(), "<u8")[1])
    refused = 0
    for place in np.random.default_rng(0).integers(0, end, 300).tolist():
        shard.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        try:
            read = PackedSet.open(job.packed).read(0)
        except InputError as error:
            assert "pack 0 of " in str(error)
            refused += 1
        else:
            assert digest_of(read) == digest_of(sound), f"byte {place} of {end}"
    assert refused > 200


def digest_of(pack: StoredPack) -> str:
    arrays = [pack.input_ids, pack.labels, pack.document_lengths, pack.image_grids]
    return digest(b"".join([*(array.tobytes() for array in arrays), *pack.images, repr(pack.documents).encode()]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-8], r"\.idx has \d+ bytes, \d+ packs need"),
        (lambda data: data[:-3], r"\.idx has \d+ bytes, \d+ packs need"),
        (lambda data: data[8:] + data[:8], "offsets do not rise"),
        (lambda data: data[:-8] + b"\xff" * 8, "shorter than its index says"),
        (lambda data: data[:6] + b"\x02" + data[7:], "offsets do not rise"),
        (lambda data: (512).to_bytes(8, "little") + data[8:], "pack 0 of .* cannot be read"),
        (None, r"pack 0 of .* cannot be read: .*\.idx"),
    ],
)
def test_a_damaged_index_is_found(tmp_path: pathlib.Path, change: Any, message: str) -> None:
    job = pack_job(tmp_path / "run", both_sources(tmp_path, tars=1), pack_tokens=400)
    pack_all(job)
    index = tmp_path / "run" / "packed" / "packs-000000.tar.idx"
    index.unlink() if change is None else index.write_bytes(change(index.read_bytes()))
    with pytest.raises(InputError, match=message):
        PackedSet.open(job.packed).read(0)


def test_few_files_are_open_at_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those read last stay open; the others are closed."""
    monkeypatch.setattr(native_reader, "_OPEN_SHARDS", 2)
    job = pack_job(tmp_path / "run", both_sources(tmp_path), shards={"max_shard_bytes": 1})
    pack_all(job)
    packed = PackedSet.open(job.packed)
    assert packed.fingerprint == job.folder.fingerprint and len(packed.files) == len(packed) > 3
    handles = []
    for index in (0, 1, 0, 2):
        packed.read(index)
        handles.append(packed._open[index][0])
    assert list(packed._open) == [0, 2]
    assert handles[0] is handles[2] and [handle.closed for handle in handles] == [False, True, False, False]
    assert "OrderedDict" not in repr(packed)


def test_what_is_said_of_a_pack_is_compact_and_legible(tmp_path: pathlib.Path) -> None:
    """Text that is not ASCII stands as it is: written as escapes, Chinese would be twice as long."""
    job = pack_job(tmp_path / "run", both_sources(tmp_path, tars=1, samples=2))
    pack_all(job)
    (tar,) = (tmp_path / "run" / "packed").glob("*.tar")
    with tarfile.open(tar) as archive:
        texts = [archive.extractfile(name).read().decode() for name in archive.getnames() if name.endswith(".json")]
    assert any("还是两张图" in text for text in texts)
    for text in texts:
        assert text == json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def test_a_missing_shard_is_named(tmp_path: pathlib.Path) -> None:
    job = pack_job(tmp_path / "run", both_sources(tmp_path)[1:])
    pack_all(job)
    (tmp_path / "run" / "packed" / "packs-000000.tar").unlink()
    with pytest.raises(InputError, match=r"pack 0 of .* cannot be read: .*packs-000000\.tar"):
        PackedSet.open(job.packed).read(0)


def test_a_shortened_shard_is_found(tmp_path: pathlib.Path) -> None:
    job = pack_job(tmp_path / "run", both_sources(tmp_path)[1:])
    pack_all(job)
    shard = tmp_path / "run" / "packed" / "packs-000000.tar"
    shard.write_bytes(shard.read_bytes()[:1500])
    with pytest.raises(InputError, match="shorter than its index"):
        PackedSet.open(job.packed).read(0)
