"""The reader of packed sets: its order, and patches as the processor alone makes them."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.architecture.processing import build_processor
from model.errors import ModelConfigError
from model.training.packed_dataset import PackedDataset, to_tensors
from model.training.packed_loader import collate_packs
from model.training.packed_pixels import PixelProcessor
from tests.model.packed_sets import write_two_sets
from tests.model.tiny import tiny_config
from tests.transforms.packing.corpus import TOKENIZER, picture
from transforms.errors import InputError
from transforms.packing.documents.image_bytes import decode_image
from transforms.packing.documents.video_bytes import decode_frames


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_two_sets(tmp_path_factory.mktemp("sets"))


def keys(batches: Any) -> list[str]:
    return [key for batch in batches for key in batch["keys"]]


def test_epochs_are_in_other_orders_and_other_seeds_too(folders: list[str]) -> None:
    def order(seed: int) -> list[str]:
        return keys(PackedDataset(folders[0], epochs=2, seed=seed, rank=0, world_size=1))

    twice, other = order(0), order(1)
    first, second = twice[: len(twice) // 2], twice[len(twice) // 2 :]
    assert sorted(first) == sorted(second) and first != second
    assert sorted(other) == sorted(twice) and other != twice
    assert order(0) == twice


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_which_rank_reads_which_pack_when(folders: list[str], rank: int) -> None:
    """Rank r of R reads the positions r, r + R, …, in that order, in each epoch."""
    dataset = PackedDataset(folders[0], epochs=3, seed=5, rank=rank, world_size=3)
    [packed] = dataset.sets
    wanted = [packed.read(dataset.order.at(position)[1]).key for position in range(rank, 3 * len(packed), 3)]
    assert keys(dataset) == wanted


def test_where_a_rank_stands_is_told_or_found(folders: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Given, or of torchrun's environment, or alone."""
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert PackedDataset(folders[0]).identity() == PackedDataset(folders[0], rank=0, world_size=1).identity()
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    found = PackedDataset(folders, weights=[0.25, 0.75], seed=4)
    assert found.identity() == {
        "sets": [one.fingerprint for one in found.sets],
        "weights": [0.25, 0.75],
        "seed": 4,
        "rank": 1,
        "world_size": 3,
    }
    assert PackedDataset(folders).identity()["weights"] is None
    for rank, world_size in ((-1, 2), (2, 2)):
        with pytest.raises(ModelConfigError, match=f"rank {rank} of 2: ranks count from 0"):
            PackedDataset(folders[0], rank=rank, world_size=world_size)


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
        assert sample["max_length_q"] == int(sample["cu_seq_lens_q"].diff().max())
    assert kinds == {"image": 2, "video": 1}


def test_another_tokenizer_is_refused(folders: list[str]) -> None:
    with pytest.raises(InputError, match="packed with tokenizer"):
        PackedDataset(folders, tokenizer_fingerprint="0" * 16)
    with pytest.raises(ModelConfigError, match="different lengths"):
        PackedDataset(folders, weights=[1, 1], epochs=1)
    with pytest.raises(ModelConfigError, match="rank 2 of 2"):
        PackedDataset(folders, rank=2, world_size=2)


def test_pixels_of_another_size_are_an_error(folders: list[str]) -> None:
    """An image other than the one that was planned: its patches would not be as many as its tokens."""
    dataset = PackedDataset(folders[1], rank=0, world_size=1)
    packs = map(dataset.sets[0].read, range(len(dataset.sets[0])))
    pack = next(pack for pack in packs if pack.images)
    changed = dataclasses.replace(pack, images=(picture(60, 28, 1), *pack.images[1:]))
    with pytest.raises(InputError, match=r"image 0 of pack ps_.* \(document 00000001\) is 60x28 pixels, .* 100x60"):
        to_tensors(changed, PixelProcessor(dataset.sets[0].image_limits, dataset.sets[0].video_limits))


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
