"""The tar reader against the standard library's writer, and on archives that are not whole."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.reading.tars import tar_bytes
from transforms.tar.reader import BrokenTarError, TarMember, read_members

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def members_of(data: bytes) -> list[TarMember]:
    return list(read_members(io.BytesIO(data), len(data), lambda _: True))


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


def test_folders_and_links_are_no_members() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link.jpg", tarfile.SYMTYPE), ("hard.jpg", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type = kind
            tar.addfile(member)
        tar.addfile(tarfile.TarInfo("file.jpg"))
    assert [member.name for member in members_of(buffer.getvalue())] == ["file.jpg"]


def test_unwanted_data_is_passed_over() -> None:
    data = tar_bytes([("film.mp4", bytes(3_000_000)), ("a.txt", b"text")])
    film, text = read_members(io.BytesIO(data), len(data), lambda name: name.endswith(".txt"))
    assert (film.size_bytes, film.data, text.data) == (3_000_000, b"", b"text")


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
    assert len(members_of(data[: end + 512])) == 2


def test_a_size_beyond_the_archive_allocates_nothing() -> None:
    data = bytearray(tar_bytes([("a.txt", b"text")]))
    data[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    with pytest.raises(BrokenTarError, match=r"ends inside a\.txt"):
        members_of(bytes(data))


def test_a_damaged_header_is_noticed() -> None:
    data = bytearray(tar_bytes([("a.txt", b"text"), ("b.txt", b"text")]))
    data[1024 + 5] ^= 1
    with pytest.raises(BrokenTarError, match="no tar header at byte 1024"):
        members_of(bytes(data))
