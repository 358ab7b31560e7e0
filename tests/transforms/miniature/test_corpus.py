"""Shards: what img2dataset would have written, with every planted fault really there."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections import Counter, defaultdict

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, UnidentifiedImageError

from transforms.errors import RunFolderError
from transforms.images.hashing import hamming, perceptual_hashes
from transforms.miniature.corpus import claim_folder, is_complete, shard_path, truth_path, write_shard
from transforms.miniature.faults import Fault
from transforms.miniature.settings import FaultShares, MiniatureSettings
from transforms.rejects import Counts, Reason
from transforms.storage import StoragePath

MANY_FAULTS = FaultShares(
    truncated_image=0.05,
    undecodable_image=0.04,
    empty_image=0.04,
    missing_image=0.04,
    missing_caption=0.04,
    undecodable_caption=0.04,
    exact_duplicate=0.05,
    near_duplicate=0.10,
)
SETTINGS = MiniatureSettings(images=390, images_per_shard=100, seed=3, faults=MANY_FAULTS)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = StoragePath.of(tmp_path_factory.mktemp("miniature"))
    assert claim_folder(folder, SETTINGS) == [0, 1, 2, 3]
    counts = [write_shard(folder, shard, SETTINGS) for shard in (2, 0, 3, 1)]
    assert sum(counts, start=Counts()) == Counts(390, 390)
    return folder


@pytest.fixture(scope="module")
def members(corpus):
    """key → ending → bytes."""
    samples = defaultdict(dict)
    for shard in range(SETTINGS.shards):
        with tarfile.open(shard_path(corpus, shard).path) as tar:
            for member in tar:
                assert member.mtime == 0
                key, ending = member.name.split(".")
                samples[key][ending] = tar.extractfile(member).read()
    return samples


@pytest.fixture(scope="module")
def truth(corpus):
    tables = [pq.read_table(truth_path(corpus, shard).path) for shard in range(SETTINGS.shards)]
    return {row["key"]: row for table in tables for row in table.to_pylist()}


@pytest.mark.slow
def test_keys_and_shards_are_numbered_as_img2dataset_numbers_them(members, truth):
    assert list(truth) == [f"{index // 100:05d}{index % 100:04d}" for index in range(390)]
    assert {key: row["shard"] for key, row in truth.items()} == {key: key[:5] for key in truth}
    assert set(members) == set(truth)


@pytest.mark.slow
def test_any_order_of_shards_gives_the_same_bytes(corpus, tmp_path):
    elsewhere = StoragePath.of(tmp_path)
    for shard in (1, 3):
        write_shard(elsewhere, shard, SETTINGS)
        for path in (shard_path, truth_path):
            assert path(elsewhere, shard).read_bytes() == path(corpus, shard).read_bytes()


def test_a_complete_shard_is_not_written_again(corpus):
    path = shard_path(corpus, 0)
    before = path.filesystem.get_file_info(path.path).mtime_ns
    assert is_complete(corpus, 0)
    assert write_shard(corpus, 0, SETTINGS) == Counts(100, 100)
    assert path.filesystem.get_file_info(path.path).mtime_ns == before
    assert claim_folder(corpus, SETTINGS) == []


def test_a_folder_of_other_settings_is_refused(corpus):
    with pytest.raises(RunFolderError, match="Choose another folder"):
        claim_folder(corpus, SETTINGS.model_copy(update={"seed": 4}))


def test_every_fault_is_what_it_claims(members, truth):
    seen = Counter()
    for key, row in truth.items():
        sample, fault = members[key], row["fault"]
        seen[fault] += 1
        assert ("jpg" in sample) == (fault != Fault.MISSING_IMAGE)
        assert ("txt" in sample) == (fault != Fault.MISSING_CAPTION)
        if fault == Fault.EMPTY_IMAGE:
            assert sample["jpg"] == b""
        elif fault == Fault.UNDECODABLE_IMAGE:
            with pytest.raises(UnidentifiedImageError):
                Image.open(io.BytesIO(sample["jpg"]))
        elif fault == Fault.TRUNCATED_IMAGE:
            with Image.open(io.BytesIO(sample["jpg"])) as picture, pytest.raises(OSError, match="truncated"):
                picture.load()
        elif fault != Fault.MISSING_IMAGE:
            Image.open(io.BytesIO(sample["jpg"])).load()
        if fault == Fault.UNDECODABLE_CAPTION:
            with pytest.raises(UnicodeDecodeError):
                sample["txt"].decode("utf-8")
        elif fault != Fault.MISSING_CAPTION:
            assert sample["txt"].decode("utf-8")
    assert set(seen) == {None, *map(str, Fault)}, "a corpus of 390 shows every fault"


def test_faults_bear_the_names_of_reject_reasons():
    assert {str(fault) for fault in Fault} <= {str(reason) for reason in Reason}


def test_duplicates_repeat_a_sound_original(members, truth):
    across_shards = 0
    for key, row in truth.items():
        original = row["original"]
        assert (original is not None) == (row["fault"] in (Fault.EXACT_DUPLICATE, Fault.NEAR_DUPLICATE))
        if original is None:
            continue
        assert original != key
        assert truth[original]["fault"] is None
        assert truth[original]["concepts"] == row["concepts"]
        across_shards += original[:5] != key[:5]
        copy, first = members[key]["jpg"], members[original]["jpg"]
        if row["fault"] == Fault.EXACT_DUPLICATE:
            assert copy == first
        else:
            assert copy != first
            assert hamming(*_hashes([copy, first])) <= 3
    assert across_shards > 0


def test_sound_pictures_do_not_look_alike(members, truth):
    hashes = _hashes([members[key]["jpg"] for key, row in truth.items() if row["fault"] is None])
    distances = hamming(hashes[:, None], hashes[None, :])[np.triu_indices(len(hashes), 1)]
    assert distances.min() > 3


def _hashes(images):
    grey = [Image.open(io.BytesIO(image)).convert("L").resize((32, 32), Image.Resampling.LANCZOS) for image in images]
    return perceptual_hashes(np.stack([np.asarray(picture) for picture in grey]))


def test_the_json_is_img2datasets(members, truth):
    for key, row in truth.items():
        record = json.loads(members[key]["json"])
        assert record["key"] == key
        assert (record["status"], record["error_message"], record["exif"]) == ("success", None, "{}")
        if row["fault"] is None:
            assert record["caption"] == members[key]["txt"].decode()
            assert record["sha256"] == hashlib.sha256(members[key]["jpg"]).hexdigest()
            with Image.open(io.BytesIO(members[key]["jpg"])) as picture:
                assert (record["width"], record["height"]) == picture.size


def test_a_share_of_the_captions_is_chinese(members, truth):
    texts = [members[key]["txt"].decode() for key, row in truth.items() if row["fault"] is None]
    chinese = sum(any("\u4e00" <= character <= "\u9fff" for character in text) for text in texts)
    assert 0.15 < chinese / len(texts) < 0.33


def test_more_faults_than_half_are_refused():
    with pytest.raises(ValueError, match="leave at least half"):
        MiniatureSettings(faults=FaultShares(empty_image=0.6))
