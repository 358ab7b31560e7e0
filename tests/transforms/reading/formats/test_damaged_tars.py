"""Tars damaged, joined or made by odd tools: every sample is read or rejected, and none takes others along."""

from __future__ import annotations

import dataclasses
import io
import pathlib
import tarfile
import tracemalloc
from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.transforms.reading.served import Served
from tests.transforms.reading.tars import only_shard, read_tar, tar_bytes, triple
from transforms.errors import InputError
from transforms.reading import ranges_ahead
from transforms.reading.formats import tar_groups, webdataset
from transforms.reading.input_shard import InputShard
from transforms.reading.samples import read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.tar import blocks

SAMPLE_BYTES = 3 * 1024  # header and data block of three members
FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def outcomes(path: pathlib.Path, data: bytes, **settings: str) -> list[tuple[str, str]]:
    found = read_tar(path / "a.tar", data, **settings)
    return [(item.key, str(item.reason) if isinstance(item, Reject) else "sample") for item in found]


@pytest.mark.parametrize("zeros", [512, 10240])
def test_joined_tars_and_lone_blocks_of_zeros(tmp_path: pathlib.Path, zeros: int) -> None:
    data = tar_bytes(triple("a")) + bytes(zeros) + tar_bytes(triple("b")) + tar_bytes(triple("c"))
    assert outcomes(tmp_path, data) == [("a", "sample"), ("b", "sample"), ("c", "sample")]


def test_a_header_zeroed_on_disk_costs_its_sample_only(tmp_path: pathlib.Path) -> None:
    data = bytearray(tar_bytes(triple("a") + triple("b") + triple("c")))
    data[SAMPLE_BYTES : SAMPLE_BYTES + 512] = bytes(512)
    damaged = (str(SAMPLE_BYTES + 512), "damaged_blocks")
    assert outcomes(tmp_path, bytes(data)) == [damaged, ("a", "sample"), ("b", "missing_image"), ("c", "sample")]


def test_a_damaged_first_header_is_no_reason_to_give_up(tmp_path: pathlib.Path) -> None:
    data = bytearray(tar_bytes(triple("a") + triple("b")))
    data[0] ^= 1
    assert outcomes(tmp_path, bytes(data)) == [("0", "damaged_blocks"), ("a", "missing_image"), ("b", "sample")]


def test_damage_before_a_first_member_that_is_cut(tmp_path: pathlib.Path) -> None:
    data = bytearray(tar_bytes([("a.jpg", b"image"), ("b.jpg", b"\1" * 5000)]))
    data[0] ^= 1
    found = read_tar(tmp_path / "a.tar", bytes(data[:3000]))
    assert [(item.key, item.reason) for item in found if isinstance(item, Reject)] == [
        ("0", Reason.DAMAGED_BLOCKS),
        ("b", Reason.TRUNCATED_SHARD),
    ]


@pytest.mark.parametrize("data", [b"x" * 5000, b"<html>" * 5000, bytes(1024) + b"x" * 5000 + bytes(1024)])
def test_a_file_without_a_member_is_an_error_before_anything_is_said_of_it(tmp_path: pathlib.Path, data: bytes) -> None:
    shard, source = only_shard(tmp_path / "a.tar", data)
    with pytest.raises(InputError, match=r"a\.tar is no tar"):
        next(iter(read_samples(shard, source)))


def test_damage_is_told_by_its_place_and_size(tmp_path: pathlib.Path) -> None:
    data = bytearray(tar_bytes([*triple("a"), ("b.jpg", b"\1" * 1000), *triple("c")]))
    data[SAMPLE_BYTES] ^= 1
    [reject] = [item for item in read_tar(tmp_path / "a.tar", bytes(data)) if isinstance(item, Reject)]
    assert reject.detail.startswith(f"{512 + 1024} bytes from byte {SAMPLE_BYTES} on")


@pytest.mark.parametrize("limit", [None, 1])
def test_a_tar_in_a_store_comes_in_ranges_and_of_a_trial_only_the_beginning(
    limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges_ahead, "RANGE_BYTES", 4096)
    data = tar_bytes([member for number in range(30) for member in triple(str(number))])
    file = Served(data, name="a.tar")
    shard = InputShard("s", "a", "webdataset", file, len(data), limit=limit)
    source = SourceSettings(name="s", format="webdataset", path="mem://store/a.tar")
    monkeypatch.setattr(blocks, "_CHUNK_BYTES", 4096)
    assert len(list(read_samples(shard, source))) == (limit or 30)
    ranges = [(at, min(4096, len(data) - at)) for at in range(0, len(data), 4096)]
    assert sorted(file.reads) == (ranges if limit is None else ranges[:1])


def test_damage_and_a_cut_are_told_apart(tmp_path: pathlib.Path) -> None:
    data = bytearray(tar_bytes(triple("a") + triple("b")))
    data[1024] ^= 1
    whole, cut = outcomes(tmp_path, bytes(data)), outcomes(tmp_path, bytes(data[: 2 * SAMPLE_BYTES]))
    assert whole == [("1024", "damaged_blocks"), ("a", "sample"), ("b", "sample")]
    assert cut == [("1024", "damaged_blocks"), ("a", "sample"), ("b", "truncated_shard")]


def test_a_name_that_begins_as_compressed_files_do(tmp_path: pathlib.Path) -> None:
    assert outcomes(tmp_path, tar_bytes(triple("BZh9"))) == [("BZh9", "sample")]


@pytest.mark.parametrize("data", [bytes(10 << 20), bytes(1024), tar_bytes([]), b"x" * 5000, b"x"])
def test_a_file_without_a_member_is_an_error(tmp_path: pathlib.Path, data: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.tar is no tar: \d+ bytes without a member"):
        outcomes(tmp_path, data)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE]
)
@pytest.mark.parametrize("of", ["jpg", "txt"])
def test_a_link_in_the_place_of_a_file_is_one_reject(tmp_path: pathlib.Path, kind: bytes, of: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in triple("a") + triple("b"):
            member = tarfile.TarInfo(name)
            if name == f"a.{of}":
                member.type, member.linkname = kind, "elsewhere"
                tar.addfile(member)
            else:
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    assert outcomes(tmp_path, buffer.getvalue()) == [("a", "not_regular_file"), ("b", "sample")]


def test_an_image_beside_its_link_is_read(tmp_path: pathlib.Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        link = tarfile.TarInfo("a.png")
        link.type = tarfile.SYMTYPE
        tar.addfile(link)
    data = buffer.getvalue()[:512] + tar_bytes(triple("a"))
    assert outcomes(tmp_path, data) == [("a", "sample")]


def test_a_member_too_large_to_be_read_is_one_reject(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webdataset, "_MOST_IMAGE_BYTES", 2000)
    monkeypatch.setattr(webdataset, "_MOST_TEXT_BYTES", 1000)
    members = [("a.jpg", bytes(2001)), ("a.txt", b"a"), ("b.jpg", bytes(2000)), ("b.txt", b"b" * 1001)]
    members += [("c.jpg", bytes(2000)), ("c.txt", b"c" * 1000)]
    found = outcomes(tmp_path, tar_bytes(members))
    assert found == [("a", "member_too_large"), ("b", "member_too_large"), ("c", "sample")]


def test_what_is_too_large_is_not_read_into_memory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webdataset, "_MOST_IMAGE_BYTES", 20 << 20)
    header = bytearray(tar_bytes([("a.jpg", b"")])[:512])
    header[124:136] = b"%011o\0" % (30 << 20)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    shard, source = only_shard(tmp_path / "a.tar", bytes(header))
    with (tmp_path / "a.tar").open("r+b") as file:
        file.truncate(512 + (30 << 20) + 1024)  # with a hole: it takes no place on the disk
    shard = dataclasses.replace(shard, size_bytes=shard.path.size_bytes())
    tracemalloc.start()
    [reject] = read_samples(shard, source)
    assert reject[:2] == ("a", Reason.MEMBER_TOO_LARGE)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


SMALL = {
    tar_format: tar_bytes(
        [*triple("a"), *triple(f"{'图' * 20}/{'x' * 90}"), *triple("c"), ("d/x.png", bytes(1500))], tar_format
    )
    for tar_format in FORMATS
}
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(("flip", "zero", "cut", "insert", "repeat")), st.integers(0, 1 << 20), st.integers(1, 255)
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, mutations: list[tuple[str, int, int]]) -> bytes:
    for how, where, what in mutations:
        at = where % max(len(data), 1)
        block = at // 512 * 512
        match how:
            case "flip":
                data = data[:at] + bytes(byte ^ what for byte in data[at : at + 1]) + data[at + 1 :]
            case "zero":
                data = data[:block] + bytes(512) + data[block + 512 :]
            case "cut":
                data = data[:at]
            case "insert":
                data = data[:at] + bytes([what]) * what + data[at:]
            case "repeat":
                data = data[:block] + data[block // 2 // 512 * 512 :]
    return data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tar_format=st.sampled_from(FORMATS), mutations=MUTATIONS)
def test_no_mutation_ends_in_anything_but_samples_rejects_or_an_input_error(
    tmp_path: pathlib.Path, tar_format: int, mutations: list[tuple[str, int, int]]
) -> None:
    data = mutated(SMALL[tar_format], mutations)
    try:
        found = read_tar(tmp_path / "a.tar", data, caption="optional")
    except InputError:
        return
    keys = Counter(item.key for item in found if not isinstance(item, Reject))
    assert max(keys.values(), default=1) == 1
    for item in found:
        item.key.encode("utf-8")
        if not isinstance(item, Reject):
            assert data[item.member_offset : item.member_offset + item.member_bytes] == item.image


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tar_format=st.sampled_from(FORMATS),
    field=st.sampled_from([(0, 100), (100, 108), (124, 136), (156, 157), (157, 257), (257, 265), (345, 500)]),
    content=st.binary(max_size=20),
    block=st.integers(0, 20),
)
def test_no_field_of_a_header_does_either(
    tmp_path: pathlib.Path, tar_format: int, field: tuple[int, int], content: bytes, block: int
) -> None:
    """As above, but the checksum is made to hold."""
    data = bytearray(SMALL[tar_format])
    start, end = field
    header = data[block * 512 : (block + 1) * 512]
    header[start:end] = content[: end - start].ljust(end - start, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data[block * 512 : (block + 1) * 512] = header
    assert outcomes(tmp_path, bytes(data), caption="optional")


def extents(data: bytes) -> dict[str, range]:
    """Key → the blocks of its sample, extension headers included."""
    found: dict[str, range] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            key = member.name.rpartition(".")[0]
            end = (member.offset_data + member.size + 511) // 512
            found[key] = range(found[key].start if key in found else member.offset // 512, end)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tar_format=st.sampled_from(FORMATS), block=st.integers(0, 40), content=st.binary(min_size=1, max_size=512))
def test_a_damaged_block_costs_no_sample_but_its_own(
    tmp_path: pathlib.Path, tar_format: int, block: int, content: bytes
) -> None:
    assume(block or not content.startswith(tuple(tar_groups._COMPRESSED)))
    whole = SMALL[tar_format]
    data = bytearray(whole)
    data[block * 512 : (block + 1) * 512] = content.ljust(512, b"\0")
    untouched = {key for key, blocks in extents(whole).items() if block not in blocks}
    found = outcomes(tmp_path, bytes(data), caption="optional")
    assert untouched <= {key for key, outcome in found if outcome == "sample"}
