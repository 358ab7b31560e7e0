"""What every format owes the stages, asked of each that is registered."""

from __future__ import annotations

import concurrent.futures
import importlib
import pathlib
import pkgutil

import numpy as np
import pytest
from rich.console import Console

from pipelines import init
from pipelines.build_settings import BuildSettings
from tests.transforms.reading.formats.documents import picture
from tests.transforms.reading.formats.examples import CAPTIONS, EXAMPLES
from transforms.configuration import load_settings
from transforms.errors import InputError
from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.reading import formats
from transforms.reading.checks import check_inputs, hint, most_samples
from transforms.reading.detect import detect_source
from transforms.reading.formats import FORMATS, Format
from transforms.reading.listing import list_shards
from transforms.reading.random_access import ImageReader
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import FormatName, SourceSettings
from transforms.rejects import Counts

ROOT = pathlib.Path(__file__).parents[4]

of_every_format = pytest.mark.parametrize("name", FORMATS)


def test_every_declaration_is_registered() -> None:
    for module in pkgutil.iter_modules(formats.__path__):
        found = importlib.import_module(f"{formats.__name__}.{module.name}")
        for name, value in vars(found).items():
            is_known = not isinstance(value, Format) or value in FORMATS.values()
            assert is_known, f"{found.__name__}.{name} is not registered"


def source_of(name: FormatName, folder: pathlib.Path) -> SourceSettings:
    values = {"name": "some", "format": name, "path": str(folder), **EXAMPLES[name](folder)}
    return SourceSettings.model_validate(values)


def read(source: SourceSettings) -> list[RawSample]:
    samples = [sample for shard in list_shards(source) for sample in read_samples(shard, source)]
    assert all(isinstance(sample, RawSample) for sample in samples), samples
    return samples  # type: ignore[return-value]


@of_every_format
def test_it_reads_what_was_written(name: FormatName, tmp_path: pathlib.Path) -> None:
    samples = read(source_of(name, tmp_path))
    assert [sample.caption for sample in samples] == CAPTIONS
    assert len({sample.key for sample in samples}) == 3
    for number, sample in enumerate(samples):
        assert sample.member_bytes == len(sample.image)
        found = decode(sample.image, DecodeSettings())
        assert isinstance(found, DecodedImage)
        assert np.array_equal(found.rgb, np.asarray(picture(number)))


@of_every_format
def test_each_image_is_found_again_in_any_order_by_threads(name: FormatName, tmp_path: pathlib.Path) -> None:
    source = source_of(name, tmp_path)
    (shard,) = list_shards(source)
    samples = read(source)
    with ImageReader(shard, source) as images, concurrent.futures.ThreadPoolExecutor(3) as pool:

        def look(order: list[RawSample]) -> list[bytes]:
            return [images.read(sample.member_offset, sample.member_bytes) for sample in order]

        orders = (samples, samples[::-1], samples * 2)
        for order, found in zip(orders, pool.map(look, orders), strict=True):
            assert found == [sample.image for sample in order]
        with pytest.raises(InputError, match="the input was changed"):
            images.read(samples[0].member_offset, samples[0].member_bytes + 1_000_000)


@of_every_format
def test_offsets_are_bytes_where_that_is_stated(name: FormatName, tmp_path: pathlib.Path) -> None:
    """Export then reads neighbours in one stretch of the file."""
    source = source_of(name, tmp_path)
    (shard,) = list_shards(source)
    data = shard.path.read_bytes() if shard.path.is_file() else b""
    lie_there = [data[sample.member_offset :].startswith(sample.image) for sample in read(source)]
    assert lie_there == [FORMATS[name].offsets_are_bytes] * 3


@of_every_format
def test_it_is_told_from_its_files(name: FormatName, tmp_path: pathlib.Path) -> None:
    given = source_of(name, tmp_path)
    told = detect_source(str(tmp_path))
    assert told.format == name
    assert [sample.image for sample in read(told)] == [sample.image for sample in read(given)]


@of_every_format
def test_it_is_looked_at_before_work(name: FormatName, tmp_path: pathlib.Path) -> None:
    source = source_of(name, tmp_path)
    shards = list_shards(source)
    check_inputs(shards, {"some": source})
    most = most_samples(shards)["some"]
    assert most is None or most >= 3
    assert (most == 3) == FORMATS[name].is_counted
    assert isinstance(FORMATS[name].decodes_groups(source), bool)
    assert hint(Counts(3, 3), {name}) is None
    for file in {shard.file(one) if shard.files else shard.path for shard in shards for one in shard.files or [""]}:
        if file.name.endswith(FORMATS[name].endings) and name != "folder":  # a picture that is none is one reject
            pathlib.Path(file.path).write_bytes(b"")
            with pytest.raises(InputError, match=file.name):
                check_inputs(list_shards(source), {"some": source})


def test_every_source_of_the_full_recipe_is_read(tmp_path: pathlib.Path) -> None:
    recipe = load_settings(str(ROOT / "configs/build/85m.yaml"), BuildSettings)
    assert len(recipe.sources) == 8
    for source in recipe.sources:
        folder = tmp_path / source.name
        folder.mkdir()
        EXAMPLES[source.format](folder)
        here = source.model_copy(update={"path": str(folder)})
        samples = read(here)
        assert len(samples) == 3
        check_inputs(list_shards(here), {here.name: here})


@of_every_format
def test_init_writes_what_is_read(name: FormatName, tmp_path: pathlib.Path) -> None:
    (tmp_path / "raw").mkdir()
    EXAMPLES[name](tmp_path / "raw")
    init.run(str(tmp_path / "own"), str(tmp_path / "raw"), Console(quiet=True))
    (source,) = load_settings(str(tmp_path / "own" / "build.yaml"), BuildSettings).sources
    assert source.format == name
    assert [sample.caption for sample in read(source)] == CAPTIONS


@of_every_format
def test_a_shard_that_is_gone_is_said_to_be(name: FormatName, tmp_path: pathlib.Path) -> None:
    source = source_of(name, tmp_path)
    (shard,) = list_shards(source)
    for path in sorted(tmp_path.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    if name == "folder":  # each of its files is one sample, and one reject
        assert {item.reason for item in read_samples(shard, source)} == {"missing_image"}  # type: ignore[union-attr]
        return
    with pytest.raises(InputError, match="gone"):
        list(read_samples(shard, source))
    with pytest.raises(InputError, match=r"gone|changed"), ImageReader(shard, source) as images:
        images.read(0, 1)
