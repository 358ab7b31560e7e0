"""Bad input through the command line: a counted reject with its reason, or an error that says what to do."""

from __future__ import annotations

import io
import pathlib
import struct
import tarfile
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.integration.conftest import MINI, ROOT, evenweave, read_all

pytestmark = pytest.mark.slow


def picture(seed: int) -> bytes:
    """A small JPEG that no other seed's resembles."""
    stream = io.BytesIO()
    Image.effect_noise((64 + seed, 64), 90 + seed).resize((128, 96)).convert("RGB").save(stream, "JPEG")
    return stream.getvalue()


def png_bomb() -> bytes:
    """30,000 × 30,000 pixels by its header: 2.7 GB once decoded, a few kilobytes here."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )


def write_tar(path: pathlib.Path, members: list[tuple[str, bytes]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def source(path: pathlib.Path, kind: str = "webdataset") -> list[str]:
    return [
        "--set",
        f"sources=[{{name: bad, format: {kind}, path: '{path}', language: en}}]",
        "--set",
        "miniature=null",
    ]


def test_every_bad_sample_is_counted_with_its_reason(tmp_path: pathlib.Path) -> None:
    members = [
        ("good1.jpg", picture(1)),
        ("good1.txt", b"one"),
        ("zero.jpg", b""),
        ("zero.txt", b"no bytes"),
        ("bomb.png", png_bomb()),
        ("bomb.txt", b"too many pixels"),
        ("latin.jpg", picture(2)),
        ("latin.txt", "café".encode("latin-1")),
        ("good1.jpg", picture(3)),
        ("good1.txt", b"the same key again"),
        ("../climb.jpg", picture(4)),
        ("../climb.txt", b"out of the folder"),
        ("/absolute.jpg", picture(5)),
        ("/absolute.txt", b"from the root"),
        ("torn.jpg", picture(6)[:-400]),
        ("torn.txt", b"ends early"),
        ("good2.jpg", picture(7)),
        ("good2.txt", b"two"),
        ("silent.jpg", picture(8)),
    ]
    write_tar(tmp_path / "data" / "a.tar", members)
    cut = tmp_path / "data" / "b.tar"
    write_tar(cut, [("good3.jpg", picture(9)), ("good3.txt", b"three"), ("lost.jpg", picture(10)), ("lost.txt", b"x")])
    with tarfile.open(cut) as tar:
        inside_second_image = tar.getmember("lost.jpg").offset_data + 100
    cut.write_bytes(cut.read_bytes()[:inside_second_image])
    run = tmp_path / "run"
    evenweave(
        "build",
        MINI,
        "--output",
        run,
        *source(tmp_path / "data"),
        "--size",
        2,
        "--set",
        "max_reject_share=1",
    )
    rejects = {row["key"]: row["reason"] for row in read_all(run / "rejects" / "annotate").to_pylist()}
    assert rejects == {
        "zero": "empty_image",
        "bomb": "too_many_pixels",
        "latin": "undecodable_caption",
        "good1": "duplicate_key",
        "../climb": "unsafe_member_name",
        "/absolute": "unsafe_member_name",
        "torn": "truncated_image",
        "silent": "missing_caption",
        "lost": "truncated_shard",
    }
    assert sorted(read_all(run / "annotations")["key"].to_pylist()) == ["good1", "good2", "good3"]


def refused(*arguments: object) -> str:
    done = evenweave(*arguments, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_an_input_without_images(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "nothing to read at" in refused("build", MINI, "--output", tmp_path / "run", "--input", tmp_path / "empty")
    (tmp_path / "empty" / "notes.doc").write_text("x")
    said = refused("build", MINI, "--output", tmp_path / "run", *source(tmp_path / "empty"))
    assert "Looked for files ending in .tar (format webdataset), found 1 other file(s), such as notes.doc" in said


def test_more_samples_than_there_are(tmp_path: pathlib.Path) -> None:
    write_tar(tmp_path / "a.tar", [(f"{i}.jpg", picture(i)) for i in range(1, 4)])
    said = refused("build", MINI, "--output", tmp_path / "run", "--input", tmp_path / "a.tar", "--size", 9)
    assert "9" in said and "3" in said


def test_a_parquet_file_without_the_column(tmp_path: pathlib.Path) -> None:
    pq.write_table(pa.table({"picture": [picture(1)], "caption": ["x"]}), tmp_path / "a.parquet")
    said = refused("build", MINI, "--output", tmp_path / "run", *source(tmp_path / "a.parquet", "parquet"), "--size", 1)
    assert "image" in said and "picture" in said


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("encoder.model=ViT-Q-99", "unknown encoder 'ViT-Q-99'"),
        ("balance.methd=raked", "balance.methd: unknown key"),
        ("vocabulary.path=nowhere.yaml", "no vocabulary at"),
        ("retrieval.concepts_per_image=0", "retrieval.concepts_per_image"),
    ],
)
def test_settings_that_cannot_be(tmp_path: pathlib.Path, override: str, says: str) -> None:
    write_tar(tmp_path / "a.tar", [("1.jpg", picture(1)), ("1.txt", b"x")])
    said = refused(
        "build", MINI, "--output", tmp_path / "run", *source(tmp_path / "a.tar"), "--size", 1, "--set", override
    )
    assert says in said


def test_an_output_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    write_tar(tmp_path / "a.tar", [("1.jpg", picture(1)), ("1.txt", b"x")])
    (tmp_path / "file").write_text("in the way")
    said = refused("build", MINI, "--output", tmp_path / "file" / "run", *source(tmp_path / "a.tar"), "--size", 1)
    assert "cannot write" in said and "Choose an output folder" in said


def test_what_is_no_run_folder(tmp_path: pathlib.Path) -> None:
    assert "is not a run folder: it has no run.json" in refused("report", tmp_path)


def test_the_full_recipe_is_valid() -> None:
    from pipelines.build_settings import BuildSettings
    from transforms.configuration import load_settings

    recipe = load_settings(str(ROOT / "configs" / "build" / "85m.yaml"), BuildSettings)
    assert len(recipe.sources) == 8
    assert recipe.balance.strata is not None
    assert recipe.balance.strata.sizes == {"en": 65_000_000, "zh": 20_000_000}
    assert sum(recipe.balance.strata.sizes.values()) == recipe.balance.size == 85_000_000
