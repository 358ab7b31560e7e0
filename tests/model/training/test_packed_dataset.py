"""The reader of packed sets: every pack once an epoch, exact resume, and patches as the processor alone makes them."""

from __future__ import annotations

import itertools
import json
import pathlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from torch.utils.data import DataLoader
from transformers import PreTrainedTokenizerFast

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.architecture.processing import build_processor
from model.errors import ModelConfigError
from model.training.packed_dataset import PackedDataset, PackedSample, collate_packs, packed_loader
from tests.model.tiny import tiny_config
from tests.transforms.packing.corpus import TOKENIZER, both_sources, pack_all, pack_job, picture
from transforms.errors import InputError
from transforms.packing.documents.image_bytes import decode_image
from transforms.packing.documents.video_bytes import decode_frames
from transforms.packing.job.settings import PackSource
from transforms.packing.layouts.native_reader import PackedSet


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two packed sets: of everything, and of text and pictures in records."""
    folder = tmp_path_factory.mktemp("sets")
    sources = both_sources(folder)
    pack_all(pack_job(folder / "all", sources, pack_tokens=200, video_max_pixels=56 * 56))
    pack_all(pack_job(folder / "records", sources[1:], pack_tokens=140, video_max_pixels=56 * 56))
    return [str(folder / "all"), str(folder / "records")]


def keys(batches: Any) -> list[str]:
    return [key for batch in batches for key in batch["keys"]]


def loaders(folder: str, **options: Any) -> Iterator[Any]:
    for rank in range(2):
        yield packed_loader(PackedDataset(folder, rank=rank, world_size=2, **options), workers=2)


def test_two_ranks_with_two_workers_see_every_pack_once_an_epoch(folders: list[str]) -> None:
    found = [keys(loader) for loader in loaders(folders[0], epochs=1)]
    packs = len(PackedSet.open(folders[0]))
    assert packs > 15
    assert Counter(found[0] + found[1]) == dict.fromkeys(set(found[0] + found[1]), 1)
    assert len(set(found[0] + found[1])) == packs
    assert abs(len(found[0]) - len(found[1])) <= 1


def test_epochs_are_in_other_orders_and_other_seeds_too(folders: list[str]) -> None:
    def order(seed: int) -> list[str]:
        return keys(PackedDataset(folders[0], epochs=2, seed=seed, rank=0, world_size=1))

    twice, other = order(0), order(1)
    first, second = twice[: len(twice) // 2], twice[len(twice) // 2 :]
    assert sorted(first) == sorted(second) and first != second
    assert sorted(other) == sorted(twice) and other != twice
    assert order(0) == twice


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("packs_per_batch", [1, 3])
def test_stopped_anywhere_it_goes_on_exactly(folders: list[str], workers: int, packs_per_batch: int) -> None:
    def loader() -> Any:
        dataset = PackedDataset(folders[0], epochs=2, rank=1, world_size=2)
        return packed_loader(dataset, packs_per_batch, workers)

    whole = [batch["keys"] for batch in loader()]
    for stop in (1, 2, len(whole) // 2 + 1, len(whole)):
        stopped = loader()
        iterator = iter(stopped)
        seen = [next(iterator)["keys"] for _ in range(stop)]
        state = json.loads(json.dumps(stopped.state_dict())) if workers == 0 else stopped.state_dict()
        resumed = loader()
        resumed.load_state_dict(state)
        assert seen + [batch["keys"] for batch in resumed] == whole


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_which_rank_reads_which_pack_when(folders: list[str], rank: int, workers: int) -> None:
    """Rank r of R reads the positions r, r + R, …, in that order, however many workers share them; in each epoch."""
    dataset = PackedDataset(folders[0], epochs=3, seed=5, rank=rank, world_size=3)
    [packed] = dataset.sets
    wanted = [packed.read(dataset.order.at(position)[1]).key for position in range(rank, 3 * len(packed), 3)]
    found = list(DataLoader(dataset, batch_size=None, num_workers=workers))
    assert [sample["keys"] for sample in found] == [[key] for key in wanted]


def test_a_mixture_keeps_its_weights(folders: list[str]) -> None:
    dataset = PackedDataset(folders, weights=[0.25, 0.75], rank=0, world_size=1)
    drawn = [dataset.order.at(position)[0] for position in range(1024)]
    assert Counter(drawn) == {0: 256, 1: 768}
    joined = PackedDataset(folders, epochs=1, rank=0, world_size=1)
    assert len(keys(joined)) == sum(map(len, joined.sets))


def test_patches_are_what_the_processor_alone_makes(folders: list[str]) -> None:
    dataset = PackedDataset(folders[1], epochs=1, rank=0, world_size=1)
    samples = {sample["keys"][0]: sample for sample in dataset}
    [packed] = dataset.sets
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=f"{TOKENIZER}/tokenizer.json")
    processor = build_processor(tokenizer, packed.image_limits, packed.video_limits)
    kinds = Counter()
    for pack in map(packed.read, range(len(packed))):
        sample = samples[pack.key]
        sizes = [size for document in pack.documents for size in document.images]
        if pack.images:
            images = [decode_image(data, size, "it") for data, size in zip(pack.images, sizes, strict=True)]
            alone = processor.image_processor(images=images, return_tensors="pt")
            assert torch.equal(sample["pixel_values"], alone["pixel_values"])
            assert torch.equal(sample["image_grid_thw"], alone["image_grid_thw"])
            kinds["image"] += len(images)
        clips = [size for document in pack.documents for size in document.videos]
        if pack.videos:
            frames = [
                torch.from_numpy(decode_frames(data, size, total, "it")).movedim(-1, -3)
                for data, size, total in zip(pack.videos, clips, pack.video_total_frames, strict=True)
            ]
            alone = processor.video_processor(videos=frames, return_tensors="pt", do_sample_frames=False)
            assert torch.equal(sample["pixel_values_videos"], alone["pixel_values_videos"])
            assert torch.equal(sample["video_grid_thw"], alone["video_grid_thw"])
            kinds["video"] += 1
    assert kinds == {"image": 2, "video": 1}


def test_collated_packs_keep_their_documents(folders: list[str]) -> None:
    samples = list(PackedDataset(folders[0], epochs=1, rank=0, world_size=1))[:4]
    batch = collate_packs(samples)
    lengths = torch.cat([sample["cu_seq_lens_q"].diff() for sample in samples])
    assert torch.equal(batch["cu_seq_lens_q"].diff(), lengths)
    assert batch["input_ids"].shape == batch["labels"].shape == (1, int(lengths.sum()))
    assert batch["max_length_q"] == int(lengths.max())
    assert batch["cu_seq_lens_q"].dtype == torch.int32
    patches = int(batch["image_grid_thw"].prod(1).sum())
    assert batch["pixel_values"].shape == (patches, 588)
    trained = batch["labels"] != -100
    assert trained.any() and torch.equal(batch["labels"][trained], batch["input_ids"][trained])


def test_a_state_of_another_order_is_refused(folders: list[str]) -> None:
    state = PackedDataset(folders[0], rank=0, world_size=2).state_dict()
    for options, what in (
        ({"rank": 0, "world_size": 4}, "world_size 2, this run has 4"),
        ({"rank": 1, "world_size": 2}, "rank 0, this run has 1"),
        ({"rank": 0, "world_size": 2, "seed": 1}, "seed 0, this run has 1"),
    ):
        with pytest.raises(ModelConfigError, match=what):
            PackedDataset(folders[0], **options).load_state_dict(state)


def test_another_tokenizer_is_refused(folders: list[str]) -> None:
    with pytest.raises(InputError, match="packed with tokenizer"):
        PackedDataset(folders, tokenizer_fingerprint="0" * 16)
    with pytest.raises(ModelConfigError, match="different lengths"):
        PackedDataset(folders, weights=[1, 1], epochs=1)
    with pytest.raises(ModelConfigError, match="rank 2 of 2"):
        PackedDataset(folders, rank=2, world_size=2)


def test_pixels_of_another_size_are_an_error(tmp_path: pathlib.Path) -> None:
    """An image of equally many bytes was put in place of the one that was planned."""
    both_sources(tmp_path)
    source = PackSource(name="instruct", format="conversations", path=str(tmp_path / "instruct"))
    job = pack_job(tmp_path / "run", [source])
    pack_all(job)
    shard = tmp_path / "run" / "packed" / "packs-000000.tar"
    planned = (tmp_path / "instruct" / "media" / "a.jpg").read_bytes()
    other = picture(60, 28, 1)
    data = shard.read_bytes()
    assert len(other) <= len(planned) and data.count(planned) == 1
    shard.write_bytes(data.replace(planned, other.ljust(len(planned), b"\0")))
    with pytest.raises(InputError, match=r"image 0 of pack ps_.* \(document 00000001\) is 60x28 pixels, .* 100x60"):
        list(PackedDataset(str(tmp_path / "run"), epochs=1, rank=0, world_size=1))


def test_the_model_gives_each_document_of_a_pack_what_it_has_alone(folders: list[str]) -> None:
    dataset = PackedDataset(folders[0], rank=0, world_size=1)
    sample = next(one for one in dataset if "pixel_values" in one and len(one["cu_seq_lens_q"]) > 2)
    tokenizer = Tokenizer.from_file(f"{TOKENIZER}/tokenizer.json")
    config = tiny_config()
    config.text_config.vocab_size = tokenizer.get_vocab_size()
    config.image_token_id = tokenizer.token_to_id("<|image_pad|>")
    torch.manual_seed(0)
    model = LlavaOnevision1_5ForConditionalGeneration._from_config(config, dtype=torch.float32).eval()
    batch = {name: value for name, value in collate_packs([sample]).items() if name != "keys"}
    grids = sample["image_grid_thw"]
    patches = sample["pixel_values"].split(grids.prod(1).tolist())
    shown = 0
    with torch.no_grad():
        packed = model(**batch)
        assert torch.isfinite(packed.loss)
        for begin, end in itertools.pairwise(sample["cu_seq_lens_q"].tolist()):
            ids = sample["input_ids"][None, begin:end]
            images = int((ids == config.image_token_id).diff(dim=1).sum()) // 2
            pictures = slice(shown, shown + images)
            vision = {"pixel_values": torch.cat(patches[pictures]), "image_grid_thw": grids[pictures]} if images else {}
            alone = model(input_ids=ids, use_cache=False, **vision).logits
            assert torch.allclose(packed.logits[:, begin:end], alone, atol=1e-5)
            shown += images
    assert shown == len(grids)


@pytest.mark.parametrize("longest", [0, 1, 2])
def test_the_longest_document_may_stand_in_any_pack_of_a_batch(longest: int) -> None:
    lengths = [[3, 2], [4], [1, 1, 2]]
    lengths[longest][-1] = 7
    samples: list[PackedSample] = [
        {
            "input_ids": torch.arange(sum(pack)) + 100 * number,
            "labels": torch.arange(sum(pack)),
            "cu_seq_lens_q": torch.tensor([0, *itertools.accumulate(pack)], dtype=torch.int32),
            "max_length_q": max(pack),
            "keys": [f"pack{number}"],
        }
        for number, pack in enumerate(lengths)
    ]
    batch = collate_packs(samples)
    assert batch["max_length_q"] == 7
    assert batch["cu_seq_lens_q"].tolist() == [0, *itertools.accumulate(itertools.chain(*lengths))]
    assert batch["cu_seq_lens_q"].dtype == torch.int32
    assert batch["keys"] == ["pack0", "pack1", "pack2"]
    assert torch.equal(batch["input_ids"], torch.cat([sample["input_ids"] for sample in samples])[None])
    assert batch.keys() == samples[0].keys()
