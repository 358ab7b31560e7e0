"""WebDataset tars: grouping, and every fault as one reject."""

from __future__ import annotations

import gzip
import io
import pathlib
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transforms.reading.served import Served
from tests.transforms.reading.tars import only_shard, read_tar, tar_bytes, triple
from transforms.errors import InputError
from transforms.names import encode_name
from transforms.reading.formats import FORMATS
from transforms.reading.formats.webdataset import TarImages
from transforms.reading.input_shard import InputShard
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import FormatName
from transforms.rejects import Counts, Reason, Reject
from transforms.storage import StoragePath


def outcomes(found: list[RawSample | Reject]) -> list[tuple[str, str]]:
    return [(item.key, str(item.reason) if isinstance(item, Reject) else "sample") for item in found]


def test_a_sample_has_image_caption_metadata_and_place(tmp_path: pathlib.Path) -> None:
    data = tar_bytes(triple("000"))
    [sample] = read_tar(tmp_path / "a.tar", data)
    record = '{"width": 3}'
    assert sample == RawSample("000", b"image of 000", "caption of 000", {"width": 3}, 512, 12, None, record)


@pytest.mark.parametrize("caption", [" two \n", "\tlines\r\nof text ", "\u3000全角"])
def test_a_caption_keeps_its_white_space(tmp_path: pathlib.Path, caption: str) -> None:
    [sample] = read_tar(tmp_path / "a.tar", tar_bytes([("a.jpg", b"x"), ("a.txt", caption.encode())]))
    assert isinstance(sample, RawSample)
    assert sample.caption == caption


@pytest.mark.parametrize("ending", ["jpg", "JPG", "jpeg", "Jpeg", "png", "webp"])
def test_image_endings_in_any_case(tmp_path: pathlib.Path, ending: str) -> None:
    assert outcomes(read_tar(tmp_path / "a.tar", tar_bytes(triple("k", ending)))) == [("k", "sample")]


@pytest.mark.parametrize(
    ("endings", "taken"), [(["tiff"], "tiff"), (["TIF"], "tif"), (["tiff", "png"], "png"), (["webp", "tif"], "webp")]
)
def test_a_tiff_is_the_image_where_there_is_no_other(tmp_path: pathlib.Path, endings: list[str], taken: str) -> None:
    members = [(f"a.{ending}", ending.lower().encode()) for ending in endings]
    [sample] = read_tar(tmp_path / "a.tar", tar_bytes(members), caption="optional")
    assert isinstance(sample, RawSample)
    assert sample.image == taken.encode()


@pytest.mark.parametrize("root", ["", "mem://store"], ids=["disk", "store"])
def test_an_image_is_put_where_it_is_wanted(root: str) -> None:
    """Behind the end of a tar that was cut since there is less, which is told and spills over nothing."""
    images = TarImages(Served(bytes(range(200)), root=root))
    target = bytearray(b"\xff" * 60)
    assert images.takes_turns == (not root)
    assert (images.read_into(30, memoryview(target)[:50]), target) == (50, bytes(range(30, 80)) + b"\xff" * 10)
    assert (images.read_into(180, memoryview(target)[:50]), target[:20]) == (20, bytes(range(180, 200)))
    images.close()


def test_no_more_samples_than_files_have_room_for() -> None:
    """A hundred of the smallest, of which each takes a header and a block."""
    data = tar_bytes([(f"{number}.jpg", b"x") for number in range(100)])
    shard = InputShard("s", "a", "webdataset", StoragePath("/a.tar"), len(data))
    most = FORMATS["webdataset"].most_samples
    assert 100 <= (most([shard]) or 0) <= 110
    assert most([shard] * 3) == 3 * (most([shard]) or 0)


@pytest.mark.parametrize(
    ("rows_in", "again", "is_told"),
    [(10, 0, False), (10, 1, True), (99, 1, True), (1000, 9, False), (1000, 10, True), (1000, 500, True)],
)
@pytest.mark.parametrize("name", ["webdataset", "interleaved_webdataset"])
def test_keys_that_come_again_in_one_sample_of_a_hundred_get_the_hint(
    name: FormatName, rows_in: int, again: int, is_told: bool
) -> None:
    rejects = {"duplicate_key": again} if again else {}
    said = FORMATS[name].hint(Counts(rows_in, rows_in - again, rejects))
    assert (said is not None) == is_told
    assert said is None or said.startswith(f"{again} times the key")


def test_the_key_holds_folders_and_ends_at_the_first_dot(tmp_path: pathlib.Path) -> None:
    members = [("./v1.0/b.jpg", b"x"), ("./v1.0/b.txt", b"t"), ("./v1.0/b.seg.png", b"s"), (".hidden", b""), ("b", b"")]
    [sample] = read_tar(tmp_path / "a.tar", tar_bytes(members))
    assert (sample.key, sample[1]) == ("v1.0/b", b"x")


def test_the_caption_comes_from_json_where_there_is_no_text(tmp_path: pathlib.Path) -> None:
    members = [("a.jpg", b"x"), ("a.json", '{"caption": "小猫"}'.encode())]
    [sample] = read_tar(tmp_path / "a.tar", tar_bytes(members))
    assert isinstance(sample, RawSample)
    assert sample.caption == "小猫"


@pytest.mark.parametrize("metadata", [b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_metadata_that_is_no_object_drops_no_image(tmp_path: pathlib.Path, metadata: bytes) -> None:
    [sample] = read_tar(tmp_path / "a.tar", tar_bytes([("a.jpg", b"x"), ("a.txt", b"t"), ("a.json", metadata)]))
    assert isinstance(sample, RawSample)
    assert sample.metadata is None


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("a.txt", b"caption")], Reason.MISSING_IMAGE),
        ([("a.mp4", b"film"), ("a.txt", b"caption")], Reason.MISSING_IMAGE),
        ([("a.jpg", b""), ("a.txt", b"caption")], Reason.EMPTY_IMAGE),
        ([("a.jpg", b"x")], Reason.MISSING_CAPTION),
        ([("a.jpg", b"x"), ("a.txt", b" \n")], Reason.MISSING_CAPTION),
        ([("a.jpg", b"x"), ("a.txt", "café".encode("latin-1"))], Reason.UNDECODABLE_CAPTION),
        ([("a.jpg", b"x"), ("a.json", b'{"caption": "\\ud83d"}')], Reason.UNDECODABLE_CAPTION),
    ],
)
def test_a_bad_sample_is_one_reject_and_the_next_is_read(
    tmp_path: pathlib.Path, members: list[tuple[str, bytes]], reason: Reason
) -> None:
    found = read_tar(tmp_path / "a.tar", tar_bytes([*members, *triple("b")]))
    assert outcomes(found) == [("a", reason), ("b", "sample")]


def test_a_caption_that_is_absent_is_told_from_an_empty_one(tmp_path: pathlib.Path) -> None:
    members = [("a.jpg", b"x"), ("b.jpg", b"x"), ("b.txt", b"\n")]
    found = read_tar(tmp_path / "a.tar", tar_bytes(members))
    assert [item.detail for item in found if isinstance(item, Reject)] == ["no caption", "the caption is empty"]


def test_an_optional_caption_may_be_absent(tmp_path: pathlib.Path) -> None:
    [sample] = read_tar(tmp_path / "a.tar", tar_bytes([("a.jpg", b"x")]), caption="optional")
    assert isinstance(sample, RawSample)
    assert sample.caption is None


def test_duplicate_keys_next_to_each_other_and_far_apart(tmp_path: pathlib.Path) -> None:
    found = read_tar(tmp_path / "a.tar", tar_bytes(triple("a") + triple("a") + triple("b") + triple("a")))
    assert outcomes(found) == [("a", "sample"), ("a", "duplicate_key"), ("b", "sample"), ("a", "duplicate_key")]


@pytest.mark.parametrize("key", ["/etc/passwd", "../a", "x/../../a", "\\a"])
def test_unsafe_names_are_rejected(tmp_path: pathlib.Path, key: str) -> None:
    found = read_tar(tmp_path / "a.tar", tar_bytes(triple(key) + triple("b")))
    assert outcomes(found) == [(key, "unsafe_member_name"), ("b", "sample")]


@pytest.mark.parametrize("encoding", ["gbk", "latin-1", "shift_jis", "utf-8"])
def test_names_of_any_encoding_are_kept(tmp_path: pathlib.Path, encoding: str) -> None:
    names = {"gbk": "图片/誠", "latin-1": "été/ça", "shift_jis": "ソ/表", "utf-8": "图\ufffd/片"}[encoding]
    keys = [part.encode(encoding).decode("utf-8", "surrogateescape") for part in (*names.split("/"), names)]
    data = tar_bytes([member for key in keys for member in triple(key.replace("\\", "_"))], tarfile.GNU_FORMAT)
    found = read_tar(tmp_path / "a.tar", data)
    assert [encode_name(item.key) for item in found if isinstance(item, RawSample)] == [
        key.replace("\\", "_").encode("utf-8", "surrogateescape") for key in keys
    ]


def test_names_that_merely_hold_dots_are_safe(tmp_path: pathlib.Path) -> None:
    assert outcomes(read_tar(tmp_path / "a.tar", tar_bytes(triple("x..y/b")))) == [("x..y/b", "sample")]


def test_a_cut_tar_keeps_what_stands_before_the_cut(tmp_path: pathlib.Path) -> None:
    data = tar_bytes(triple("a") + triple("b") + triple("c"))
    sample_bytes = 3 * 1024  # header and data block of three members
    for cut in range(1, 3 * sample_bytes + 1, 100):
        found = outcomes(read_tar(tmp_path / "a.tar", data[:cut])) if cut >= 512 else []
        whole = [key for key, outcome in found if outcome == "sample"]
        assert whole == ["a", "b", "c"][: len(whole)]
        assert [outcome for _, outcome in found].count("truncated_shard") == (1 if cut >= 512 else 0)
        assert len(whole) >= (cut - 513) // sample_bytes  # a cut between samples may cost the last of them


def test_the_sample_that_was_hit_is_named(tmp_path: pathlib.Path) -> None:
    members = [*triple("a"), ("b.jpg", bytes(5000))]
    found = read_tar(tmp_path / "a.tar", tar_bytes(members)[: 3 * 1024 + 2000])
    assert outcomes(found) == [("a", "sample"), ("b", "truncated_shard")]
    assert "b.jpg" in found[1][2]


@pytest.mark.parametrize(
    ("cut", "member"), [(3 * 1024 + 1024 + 514, "b.json"), (3 * 1024 + 2 * 1024 + 500, None), (5 * 1024 + 514, "b.txt")]
)
def test_a_break_inside_a_later_member_costs_its_whole_sample(
    tmp_path: pathlib.Path, cut: int, member: str | None
) -> None:
    """The image was read already: without its caption it would be a sample that never was."""
    data = tar_bytes(triple("a") + triple("b") + triple("c"))
    found = read_tar(tmp_path / "a.tar", data[:cut])
    assert outcomes(found) == [("a", "sample"), ("b", "truncated_shard")]
    assert member is None or member in found[1][2]
    optional = read_tar(tmp_path / "a.tar", data[:cut], caption="optional")
    assert outcomes(optional) == [("a", "sample"), ("b", "truncated_shard")]


def test_what_gnu_tar_keeps_in_the_place_of_a_prefix_is_no_folder(tmp_path: pathlib.Path) -> None:
    """In its old format, times of access and change stand there; POSIX has the beginning of the name."""
    data = bytearray(tar_bytes(triple("b"), tarfile.GNU_FORMAT))
    for start in range(0, len(triple("b")) * 1024, 1024):
        assert data[start + 257 : start + 265] == b"ustar  \0"
        data[start + 345 : start + 369] = b"14371573000\0" * 2
        data[start + 148 : start + 156] = b" " * 8
        data[start + 148 : start + 156] = f"{sum(data[start : start + 512]):06o}\0 ".encode()
    assert outcomes(read_tar(tmp_path / "a.tar", bytes(data))) == [("b", "sample")]
    long = "folder/" * 14 + "b"  # over 100 bytes with its ending, so split in two
    posix = tar_bytes(triple(long), tarfile.USTAR_FORMAT)
    assert (
        posix[257:263] == b"ustar\0"
        and posix[345]
        and outcomes(read_tar(tmp_path / "b.tar", posix)) == [(long, "sample")]
    )


def test_a_size_in_pax_records_is_the_one_that_counts(tmp_path: pathlib.Path) -> None:
    """As writers state it for files over 8 GiB: the header's own field is too short, and holds 0."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("a.jpg")
        member.size, member.pax_headers = 700, {"size": "700", "mtime": "1.5"}
        tar.addfile(member, io.BytesIO(b"j" * 700))
    data = bytearray(buffer.getvalue())
    at = data.index(b"a.jpg\0")
    data[at + 124 : at + 136] = b"00000000000\0"
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = f"{sum(data[at : at + 512]):06o}\0 ".encode()
    caption = tar_bytes([("a.txt", b"caption")])
    [sample] = read_tar(tmp_path / "a.tar", bytes(data[: at + 512 + 1024]) + caption)
    assert isinstance(sample, RawSample)
    assert (sample.key, sample.image, sample.caption) == ("a", b"j" * 700, "caption")


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "an empty file"), (b"hello" * 500, "no tar"), (gzip.compress(tar_bytes(triple("a"))), "compressed (gzip)")],
)
def test_a_file_that_is_no_tar_is_named(tmp_path: pathlib.Path, data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=r"broken\.tar") as caught:
        read_tar(tmp_path / "broken.tar", data)
    assert said in str(caught.value)


def test_a_file_that_is_gone_is_named(tmp_path: pathlib.Path) -> None:
    shard, source = only_shard(tmp_path / "a.tar", tar_bytes(triple("a")))
    shard.path.delete()
    with pytest.raises(InputError, match=r"a\.tar is gone"):
        list(read_samples(shard, source))


_MEMBERS = st.sampled_from(("jpg", "txt", "json", "png", "mp4"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.lists(
        st.tuples(st.from_regex(r"[a-c]/?[0-9]{1,2}", fullmatch=True), st.lists(_MEMBERS, min_size=1, unique=True)),
        min_size=1,
        unique_by=lambda group: group[0],
    ),
    tar_format=st.sampled_from((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)),
)
def test_every_group_comes_out_exactly_once(
    tmp_path: pathlib.Path, groups: list[tuple[str, list[str]]], tar_format: int
) -> None:
    members = [(f"{key}.{ending}", f"{key} {ending}".encode()) for key, endings in groups for ending in endings]
    found = read_tar(tmp_path / "a.tar", tar_bytes(members, tar_format))
    assert [item.key for item in found] == [key for key, _ in groups]
    for item, (key, endings) in zip(found, groups, strict=True):
        complete = "txt" in endings and not {"jpg", "png"}.isdisjoint(endings)
        assert isinstance(item, RawSample) == complete
        if isinstance(item, RawSample):
            assert item.image in (f"{key} jpg".encode(), f"{key} png".encode())
            assert item.caption == f"{key} txt"
