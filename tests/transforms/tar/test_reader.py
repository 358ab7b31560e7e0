"""The tar reader against the standard library's writer, and on archives that are not whole."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.reading.tars import tar_bytes
from transforms.tar.blocks import ArchiveBytes
from transforms.tar.fields import member_size
from transforms.tar.reader import BrokenTarError, DamagedBlocks, TarMember, read_members

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def read(data: bytes) -> list[TarMember | DamagedBlocks]:
    return list(read_members(ArchiveBytes(io.BytesIO(data), len(data)), lambda _: 1 << 20))


def members_of(data: bytes) -> list[TarMember]:
    found = read(data)
    assert all(isinstance(member, TarMember) for member in found)
    return found


def names_of(data: bytes) -> list[str]:
    """Names of members, and ``damaged`` for damaged blocks."""
    return [member.name if isinstance(member, TarMember) else "damaged" for member in read(data)]


def header(name: str, size: bytes = b"00000000004\0", kind: bytes = b"0") -> bytes:
    """A header whose checksum holds, whatever its size field says."""
    block = bytearray(tar_bytes([(name, b"text")])[:512])
    block[124:136], block[156:157] = size.ljust(12, b"\0"), kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def block(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


@pytest.mark.parametrize("tar_format", FORMATS.values(), ids=FORMATS.keys())
@given(
    contents=st.lists(
        st.tuples(st.from_regex(r"[a-z0-9_.]{1,40}(/[a-z0-9_.]{1,40}){0,2}", fullmatch=True), st.binary(max_size=1500))
    )
)
def test_names_places_and_bytes_equal_the_standard_librarys(tar_format: int, contents: list[tuple[str, bytes]]) -> None:
    data = tar_bytes(contents, tar_format)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        expected = [(member.name, member.offset_data, member.size) for member in tar if member.isreg()]
    found = members_of(data)
    assert [(member.name, member.data_offset, member.size_bytes) for member in found] == expected
    assert [member.data for member in found] == [content for _, content in contents]
    assert all(data[member.data_offset :][: member.size_bytes] == member.data for member in found)


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_chinese_names(tar_format: int) -> None:
    names = ["长" * 80 + ".jpg", "folder/" * 60 + "a.txt", "short.txt"]
    assert [member.name for member in members_of(tar_bytes([(name, b"x") for name in names], tar_format))] == names


def test_a_name_in_two_fields() -> None:
    """What is longer than 100 bytes ustar parts at a slash."""
    names = ["folder/" * 20 + "a.txt", "f/" + "n" * 99, "short.txt"]
    assert names_of(tar_bytes([(name, b"x") for name in names], tarfile.USTAR_FORMAT)) == names


def test_folders_are_no_members_and_links_are_told_from_files() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link.jpg", tarfile.SYMTYPE), ("hard.jpg", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type = kind
            tar.addfile(member)
        tar.addfile(tarfile.TarInfo("file.jpg"))
    found = [(member.name, member.is_regular) for member in members_of(buffer.getvalue())]
    assert found == [("link.jpg", False), ("hard.jpg", False), ("file.jpg", True)]


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_what_has_no_data_has_none_whatever_its_size_says(kind: bytes) -> None:
    data = header("x", b"00000007000\0", kind) + tar_bytes([("a.txt", b"text"), ("b.txt", b"more")])
    assert [name for name in names_of(data) if name != "x"] == ["a.txt", "b.txt"]


def test_a_hard_link_may_bring_its_data() -> None:
    data = header("x.jpg", b"00000002000\0", b"1") + b"\1" * 1024 + tar_bytes([("a.txt", b"text")])
    assert names_of(data) == ["x.jpg", "a.txt"]


@pytest.mark.parametrize("maps", [0, 1, 2])
def test_a_sparse_file_of_gnu_is_passed_over_with_its_map(maps: int) -> None:
    """One byte says whether a block of the map follows: in the header, then in each of those blocks."""
    first = bytearray(header("holes.jpg", kind=b"S"))
    first[257:265] = b"ustar  \0"
    first[345:512] = b"\7" * 137 + bytes([maps > 0]) + b"\7" * 29  # times and the map stand where others have a name
    first[148:156] = b" " * 8
    first[148:156] = b"%06o\0 " % sum(first)
    more = b"".join(b"\7" * 504 + bytes([number < maps]) + b"\7" * 7 for number in range(1, maps + 1))
    found = members_of(bytes(first) + more + block(b"text") + tar_bytes(TWO))
    assert [(member.name, member.is_regular) for member in found] == [
        ("holes.jpg", False),
        ("a.jpg", True),
        ("b.txt", True),
    ]
    assert found[0].data_offset == 512 * (1 + maps)


def test_unwanted_data_is_passed_over() -> None:
    data = tar_bytes([("film.mp4", bytes(3_000_000)), ("a.txt", b"text")])
    archive = ArchiveBytes(io.BytesIO(data), len(data))
    film, text = read_members(archive, lambda name: 10 if name.endswith(".txt") else 0)
    assert isinstance(film, TarMember) and isinstance(text, TarMember)
    assert (film.size_bytes, film.data, text.data) == (3_000_000, b"", b"text")


def test_a_member_over_the_limit_comes_without_its_data() -> None:
    data = tar_bytes([("a.txt", b"x" * 11), ("b.txt", b"x" * 10)])
    found = list(read_members(ArchiveBytes(io.BytesIO(data), len(data)), lambda _: 10))
    assert [(member.size_bytes, len(member.data)) for member in found] == [(11, 0), (10, 10)]


def test_a_size_in_base_256_is_read() -> None:
    data = bytearray(tar_bytes([("a.txt", b"text")]))
    data[124:136] = b"\x80" + (4).to_bytes(11, "big")
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    assert members_of(bytes(data))[0].data == b"text"


def test_every_cut_before_the_end_mark_is_noticed() -> None:
    data = tar_bytes([("a.jpg", b"x" * 700), ("a.txt", b"caption")])
    end = 512 + 1024 + 512 + 512  # two headers and their data; then come blocks of zeros
    for cut in range(0, end + 1, 37):
        with pytest.raises(BrokenTarError):
            members_of(data[:cut])
    for of_end_mark in (100, 512):
        assert len(members_of(data[: end + of_end_mark])) == 2


def test_a_cut_inside_a_header_is_told_from_damage() -> None:
    data = tar_bytes([("a.txt", b"text"), ("b.txt", b"more")])
    members = read_members(ArchiveBytes(io.BytesIO(data), 1024 + 300), lambda _: 10)
    assert next(members).name == "a.txt"
    with pytest.raises(BrokenTarError, match="ends inside a header") as error:
        next(members)
    assert error.value.offset == 1024


def test_a_size_beyond_the_archive_allocates_nothing() -> None:
    data = bytearray(tar_bytes([("a.txt", b"text")]))
    data[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    with pytest.raises(BrokenTarError, match=r"ends inside a\.txt"):
        members_of(bytes(data))


TWO = [("a.jpg", bytes(range(1, 200)) * 10), ("b.txt", b"text")]


def test_blocks_behind_a_damaged_header_are_one_run() -> None:
    data = bytearray(tar_bytes([("0.txt", b"zero"), *TWO]))
    data[1024 + 5] ^= 1
    start, end = 1024, 1024 + 512 + 2048
    found = read(bytes(data))
    assert found[1] == DamagedBlocks(start, end)
    assert names_of(bytes(data)) == ["0.txt", "damaged", "b.txt"]


def test_zeros_end_nothing() -> None:
    tar = tar_bytes(TWO)
    zeroed = bytearray(tar)
    zeroed[:512] = bytes(512)
    assert names_of(bytes(zeroed)) == ["damaged", "b.txt"]
    assert names_of(tar + tar) == ["a.jpg", "b.txt", "a.jpg", "b.txt"]  # joined by cat
    assert names_of(bytes(512) + tar) == ["a.jpg", "b.txt"]
    assert names_of(bytes(10 << 20)) == []
    with pytest.raises(BrokenTarError, match=r"ends inside a\.jpg"):
        read(tar + tar[:1500])


def test_what_follows_the_end_is_damage_and_no_cut() -> None:
    assert names_of(tar_bytes(TWO) + b"signature" * 100) == ["a.jpg", "b.txt", "damaged"]


def test_a_name_whose_member_was_zeroed_names_no_other() -> None:
    data = bytearray(tar_bytes([("x" * 120, b""), ("b.txt", b"text")], tarfile.GNU_FORMAT))
    data[1024:1536] = bytes(512)
    assert names_of(bytes(data)) == ["damaged", "b.txt"]


def test_chance_sums_in_an_image_are_no_headers() -> None:
    """A block whose checksum holds, but which states no kind of member or no name."""
    for looks_valid in (header("x.jpg", kind=b"\x99"), header("")):
        assert names_of(b"\1" * 512 + looks_valid + tar_bytes(TWO)) == ["damaged", "a.jpg", "b.txt"]


@pytest.mark.parametrize("place", [100, 107, 108, 115, 116, 123, 136, 147])
def test_a_chance_sum_with_no_number_in_a_field_is_no_header(place: int) -> None:
    """First and last byte of mode, owner, group and time."""
    looks_valid = bytearray(header("x.jpg"))
    looks_valid[place] = ord("z")
    looks_valid[148:156] = b" " * 8
    looks_valid[148:156] = b"%06o\0 " % sum(looks_valid)
    assert names_of(b"\1" * 512 + bytes(looks_valid) + tar_bytes(TWO)) == ["damaged", "a.jpg", "b.txt"]


@pytest.mark.parametrize(
    "size", [b"1_0", b"+10", b"-10", b"0o10", b"99", b"\xff" * 12, b"\xff" + bytes(11), b"ten", "١".encode()]
)
def test_a_size_that_is_no_octal_number_is_damage(size: bytes) -> None:
    assert names_of(header("x.txt", size) + block(b"text") + tar_bytes(TWO)) == ["damaged", "a.jpg", "b.txt"]


def pax(payload: bytes, name: str = "x.txt") -> bytes:
    """A pax header with these records, and the member that it describes."""
    return header("pax", b"%011o" % len(payload), b"x") + block(payload) + header(name) + block(b"text")


@pytest.mark.parametrize(
    "payload",
    [
        b"0 path=y\n",
        b"00 path=y\n",
        b"-5 path=y\n",
        b"+9 path=y\n",
        b"1_0 path=yy\n",
        b"99 path=y\n",
        b"11 path=y\n",
        b"9" * 5000,
        b"9path=y\n\n",
        b"9 path=yy",
        b"10 size=-4\n",
        b"10 size=+4\n",
        b"11 size=0x4\n",
        b"x",
        b" ",
    ],
)
def test_pax_records_that_are_none_lose_their_member_only(payload: bytes) -> None:
    assert names_of(pax(payload) + tar_bytes(TWO)) == ["damaged", "a.jpg", "b.txt"]


def test_a_megabyte_of_tiny_pax_records_is_read_once() -> None:
    assert names_of(pax(b"5 a=\n" * 170_000 + b"14 path=y.jpg\n") + tar_bytes(TWO)) == ["y.jpg", "a.jpg", "b.txt"]
    assert names_of(pax(b"5 a=\n" * 300_000) + tar_bytes(TWO)) == ["damaged", "a.jpg", "b.txt"]


def test_a_size_from_pax() -> None:
    assert next(member.data for member in members_of(pax(b"9 size=2\n") + tar_bytes(TWO))) == b"te"


def test_a_checksum_of_signed_characters() -> None:
    """As old tars of Sun wrote it."""
    data = bytearray(tar_bytes([("é\x7f.txt", b"text")]))
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(byte - 256 * (byte > 127) for byte in data[:512])
    assert names_of(bytes(data)) == ["é\x7f.txt"]


@given(block=st.binary(min_size=512, max_size=512), zeros=st.integers(0, 512))
def test_the_checksum_is_the_sum(block: bytes, zeros: int) -> None:
    data = bytearray(b"\xff" * (512 - zeros) if zeros > 100 else block)
    data = data.ljust(512, b"\0")
    data[124:136] = b"00000000004\0"
    data[148:156] = b" " * 8
    total = sum(data)
    data[148:156] = b"%06o\0 " % total
    assert member_size(bytes(data)) == 4
    data[148:156] = b"%06o\0 " % (total ^ 1)
    assert member_size(bytes(data)) is None
