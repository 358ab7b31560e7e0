"""The processor: sizes, order of patches, placeholders, the template; the same tokens as the packer's own tokenizer."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, PreTrainedTokenizerFast

from model.architecture.configuration import config_from_yaml
from model.architecture.processing import LlavaOnevision1_5Processor, build_processor
from model.checkpoints.hub import load_model
from model.checkpoints.initialise import initialise, tiny_pretrained_tokenizer
from model.errors import ModelConfigError
from transforms.conversations import document
from transforms.packing.documents.chat import ChatTokenizer, Tokenised
from transforms.packing.documents.tiny_tokenizer import tiny_tokenizer

CONFIG = pathlib.Path(__file__).parents[3] / "configs" / "model" / "tiny.yaml"


@pytest.fixture(scope="module")
def processor() -> LlavaOnevision1_5Processor:
    return build_processor(tiny_pretrained_tokenizer())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("model") / "tiny"
    initialise(config_from_yaml(str(CONFIG)), tiny_pretrained_tokenizer(), str(path))
    return path


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def conversation(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "What is in the picture?"}]}]


@pytest.mark.parametrize(
    ("width", "height", "grid"),
    [(10, 10, [1, 4, 4]), (1920, 1080, [1, 78, 138]), (517, 333, [1, 24, 36])],  # as the released processor resizes
)
def test_sizes(processor: LlavaOnevision1_5Processor, width: int, height: int, grid: list[int]) -> None:
    batch = processor(images=[picture(width, height)], text=["<|image_pad|>"], return_tensors="pt")
    assert batch["image_grid_thw"].tolist() == [grid]
    assert batch["pixel_values"].shape == (grid[1] * grid[2], 588)
    assert (batch["input_ids"] == 510).sum() == grid[1] * grid[2] // 4
    assert set(batch) == {"input_ids", "attention_mask", "pixel_values", "image_grid_thw"}


def test_patches_come_in_blocks_of_four(processor: LlavaOnevision1_5Processor) -> None:
    """Row 5 is the second row's second patch of the second block: pixels of its corner, colour by colour."""
    image = picture(56 * 2, 56)
    batch = processor.image_processor(image, return_tensors="pt")
    rows = batch["pixel_values"].view(-1, 3, 14, 14)
    array = torch.tensor(np.asarray(image)).permute(2, 0, 1) / 255
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
    normal = (array - mean) / std
    for row, (top, left) in {0: (0, 0), 1: (0, 1), 2: (1, 0), 3: (1, 1), 4: (0, 2), 7: (1, 3), 16: (2, 0)}.items():
        expected = normal[:, 14 * top : 14 * top + 14, 14 * left : 14 * left + 14]
        torch.testing.assert_close(rows[row], expected, atol=1e-5, rtol=0)


def test_a_video_has_one_frame_a_patch(processor: LlavaOnevision1_5Processor) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 336, 448, 3), dtype=np.uint8)
    batch = processor(videos=[frames], text=["<|video_pad|>"], return_tensors="pt")
    assert batch["video_grid_thw"].tolist() == [[3, 24, 32]]
    assert batch["pixel_values_videos"].shape == (3 * 24 * 32, 588)
    assert (batch["input_ids"] == 511).sum() == 3 * 24 * 32 // 4
    assert "second_per_grid_ts" not in batch


@pytest.mark.parametrize("system", [None, "Answer in Chinese."])
def test_tokens_are_the_packers(processor: LlavaOnevision1_5Processor, system: str | None) -> None:
    sizes = [(130, 90), (40, 300)]
    turns: list[tuple[str, list[Any]]] = [
        ("user", [0, "What is in the picture?"]),
        ("assistant", ["three red circles\n图中有"]),
        ("user", ["And here? ", 1]),
        ("assistant", ["a blue square"]),
    ]
    if system:
        turns.insert(0, ("system", [system]))
    theirs = [
        {
            "role": role,
            "content": [{"type": "image"} if isinstance(p, int) else {"type": "text", "text": p} for p in parts],
        }
        for role, parts in turns
    ]
    text = processor.apply_chat_template(theirs, tokenize=False)
    batch = processor(images=[picture(*size) for size in sizes], text=[text], return_tensors="pt")
    ours = document.Document(
        key="a",
        source="test",
        messages=tuple(
            document.Message(role, tuple(document.Image(p) if isinstance(p, int) else document.Text(p) for p in parts))
            for role, parts in turns
        ),
        images=tuple(document.ImageSize(*size) for size in sizes),
    )  # type: ignore[call-arg]
    [tokenised] = ChatTokenizer(tiny_tokenizer()).encode([ours])
    assert isinstance(tokenised, Tokenised)
    assert batch["input_ids"][0].tolist() == tokenised.token_ids.tolist()
    assert batch["image_grid_thw"].tolist() == tokenised.image_grids.tolist()


@torch.no_grad()
def test_auto_classes_answer_about_a_picture(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The release's files by AutoProcessor and by our class, which are one; ours again from what it saves."""
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    model.generation_config.suppress_tokens = [510, 511]
    ours = LlavaOnevision1_5Processor.from_pretrained(folder)
    ours.save_pretrained(tmp_path)
    generic, again = AutoProcessor.from_pretrained(folder), AutoProcessor.from_pretrained(tmp_path)
    assert type(generic) is type(again) is LlavaOnevision1_5Processor
    assert ours.tokenizer.padding_side == "left"  # a batch of prompts is gone on with at its right end
    answers = []
    for processor in (generic, ours, again):
        assert processor.image_processor.temporal_patch_size == processor.video_processor.temporal_patch_size == 1
        batch = processor.apply_chat_template(
            conversation({"type": "image", "image": picture(100, 80)}),
            add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
        )  # fmt: skip
        answers.append(model.generate(**batch, max_new_tokens=5, do_sample=False))
    assert torch.equal(answers[0], answers[1]) and torch.equal(answers[1], answers[2])


def test_initialise_is_reproducible(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    state = torch.get_rng_state()
    for seed in (0, 1):
        initialise(config_from_yaml(str(CONFIG)), tiny_pretrained_tokenizer(), str(tmp_path / str(seed)), seed)
    assert torch.equal(torch.get_rng_state(), state)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "0" / path.name).read_bytes(), path.name
    one, two = (load_model(str(tmp_path / str(seed))) for seed in (0, 1))
    assert not torch.equal(one.lm_head.weight, two.lm_head.weight)


def test_tokenizers_that_do_not_fit(tmp_path: pathlib.Path) -> None:
    tokenizer = tiny_pretrained_tokenizer()
    config = config_from_yaml(str(CONFIG))
    config.text_config.vocab_size = 500
    with pytest.raises(ModelConfigError, match=r"512 tokens, text_config\.vocab_size is 500"):
        initialise(config, tokenizer, str(tmp_path / "small"))
    plain = tiny_tokenizer().to_str().replace("<|image_pad|>", "<|picture|>")
    with pytest.raises(ModelConfigError, match=r"has no <\|image_pad\|>"):
        build_processor(PreTrainedTokenizerFast(tokenizer_object=type(tiny_tokenizer()).from_str(plain)))
