"""A folder of transformers' CLIP gives transformers' own embeddings; what is no such folder is named."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, PreTrainedTokenizerFast

from transforms.annotating.encoder import ClipEncoder, check_encoder
from transforms.annotating.settings import EncoderSettings
from transforms.errors import ConfigError

SIDE, TOKENS, WIDTH = 48, 16, 24
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
WORDS = ["a", "photo", "of", "cat", "dog", "red", "<unk>", "<start>", "<end>"]


def settings(folder: pathlib.Path, **values: str) -> EncoderSettings:
    return EncoderSettings(model=str(folder), precision="fp32", **values)  # type: ignore[arg-type]


def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special = [("<start>", WORDS.index("<start>")), ("<end>", WORDS.index("<end>"))]
    words.post_processor = processors.TemplateProcessing(single="<start> $A <end>", special_tokens=special)
    return PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", pad_token="<end>", eos_token="<end>", bos_token="<start>"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A tiny model with random weights, as it is published: weights, config, tokenizer, preprocessor."""
    path = tmp_path_factory.mktemp("clip")
    layers = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 32, "intermediate_size": 64}
    ids = {"bos_token_id": 7, "eos_token_id": 8, "pad_token_id": 8}
    config = CLIPConfig(
        text_config={**layers, **ids, "vocab_size": len(WORDS), "max_position_embeddings": TOKENS},
        vision_config={**layers, "image_size": SIDE, "patch_size": 16},
        projection_dim=WIDTH,
    )
    torch.manual_seed(0)
    CLIPModel(config).save_pretrained(path)
    tokenizer().save_pretrained(path)
    image_processor().save_pretrained(path)
    return path


def image_processor() -> CLIPImageProcessor:
    crop = {"height": SIDE, "width": SIDE}
    return CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=crop, image_mean=MEAN, image_std=STD)


def test_images_and_texts_as_transformers_embeds_them(folder: pathlib.Path) -> None:
    encoder = ClipEncoder(settings(folder))
    assert (encoder.size, encoder.resize_mode, encoder.interpolation) == ((SIDE, SIDE), "shortest", "bicubic")
    clip = CLIPModel.from_pretrained(folder).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    texts = ["a photo of cat", "red dog", "a " * 40]  # the last is cut
    inputs = image_processor()([Image.fromarray(image) for image in pixels], return_tensors="pt")
    words = tokenizer()(texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")
    words.pop("token_type_ids", None)
    with torch.inference_mode():
        images = torch.nn.functional.normalize(clip.get_image_features(**inputs).pooler_output, dim=-1)
        sentences = torch.nn.functional.normalize(clip.get_text_features(**words).pooler_output, dim=-1)
    np.testing.assert_allclose(encoder.encode_images(pixels), images, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(texts), sentences, atol=1e-5)


def test_a_processor_in_one_file_says_the_same(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    CLIPModel.from_pretrained(folder).save_pretrained(tmp_path)
    CLIPProcessor(image_processor(), tokenizer()).save_pretrained(tmp_path)
    ours, other = ClipEncoder(settings(folder)), ClipEncoder(settings(tmp_path))
    assert not (tmp_path / "preprocessor_config.json").exists()
    assert ours.model.visual == other.model.visual


def changed(folder: pathlib.Path, target: pathlib.Path, file: str, **values: object) -> pathlib.Path:
    """A copy with other values in one of its JSON files."""
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    (target / file).write_text(json.dumps(json.loads((target / file).read_text()) | values))
    return target


def test_another_type_of_model_is_named(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other = changed(folder, tmp_path, "config.json", model_type="siglip")
    with pytest.raises(ConfigError, match=r"transformers' type 'siglip', of which only 'clip' is read.*open_clip"):
        check_encoder(settings(other))


def test_weights_beside_a_folder_that_holds_its_own(folder: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"encoder\.pretrained is openai, but .* holds its own weights"):
        check_encoder(settings(folder, pretrained="openai"))


def test_a_preprocessing_that_is_not_done_here(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other = changed(folder, tmp_path, "preprocessor_config.json", size={"shortest_edge": 56})
    with pytest.raises(ConfigError, match=r"resizing to .*56.* is not done here; a square of 48 pixels"):
        ClipEncoder(settings(other))


def test_nothing_is_left_at_random(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other = changed(folder, tmp_path, "config.json")
    weights = load_file(other / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=r"lacks 1 of the model's weights, such as visual_projection\.weight"):
        ClipEncoder(settings(other))
    (other / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match="cannot load encoder"):
        ClipEncoder(settings(other))
