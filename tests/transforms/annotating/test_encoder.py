"""The encoder is open_clip's own: the same embeddings, and clear words where it cannot be had."""

from __future__ import annotations

import pathlib

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from transforms.annotating.encoder import ClipEncoder, check_encoder, require_gpu
from transforms.annotating.settings import EncoderSettings
from transforms.errors import ConfigError

RANDOM = EncoderSettings(model="ViT-S-32-alt", pretrained="random", precision="fp32", batch_size=4)


@pytest.fixture(scope="module")
def encoder() -> ClipEncoder:
    return ClipEncoder(RANDOM)


@pytest.mark.slow
def test_images_as_open_clip_embeds_them(encoder: ClipEncoder) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, *encoder.size, 3), dtype=np.uint8)
    _, _, preprocess = open_clip.create_model_and_transforms("ViT-S-32-alt")
    tensors = torch.stack([preprocess(Image.fromarray(image)) for image in pixels])
    with torch.inference_mode():
        expected = encoder.model.encode_image(tensors, normalize=True)
    np.testing.assert_allclose(encoder.encode_images(pixels), expected, atol=1e-5)


def test_texts_as_open_clip_embeds_them(encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.annotating.encoder.TEXTS_A_BATCH", 4)
    texts = [f"a photo of {i} cats" for i in range(6)]  # more than one batch
    tokens = open_clip.get_tokenizer("ViT-S-32-alt")(texts)
    with torch.inference_mode():
        expected = encoder.model.encode_text(tokens, normalize=True)
    np.testing.assert_allclose(encoder.encode_texts(texts), expected, atol=1e-5)


@pytest.mark.slow
def test_random_weights_are_the_same_in_every_worker(encoder: ClipEncoder) -> None:
    again = ClipEncoder(RANDOM)
    for one, other in zip(encoder.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow
def test_bf16_is_near_fp32(encoder: ClipEncoder) -> None:
    half = ClipEncoder(RANDOM.model_copy(update={"precision": "bf16"}))
    pixels = np.random.default_rng(1).integers(0, 256, (2, *encoder.size, 3), dtype=np.uint8)
    similarity = (half.encode_images(pixels) * encoder.encode_images(pixels)).sum(dim=1)
    assert (similarity > 0.999).all()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model": "ViT-H-15", "pretrained": "x"}, r"unknown encoder 'ViT-H-15'.*Did you mean .*ViT-H-14"),
        ({"model": "ViT-B-32", "pretrained": None}, r"encoder.pretrained is missing for ViT-B-32: name a tag \(openai"),
        ({"model": "ViT-B-32", "pretrained": "openay"}, r"unknown weights 'openay' for ViT-B-32.*laion2b"),
        ({"model": "ViT-B-32", "pretrained": "laion2b_s34b_b79k"}, "cannot load encoder ViT-B-32 with weights laion2b"),
    ],
)
def test_what_cannot_be_had(settings: dict[str, str | None], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match=says):
        ClipEncoder(EncoderSettings(**settings))  # type: ignore[arg-type]


def test_a_folder_without_weights_is_no_model_at_random(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = pathlib.Path(__file__).parents[3] / "configs" / "encoder" / "tiny"
    for path in tiny.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ConfigError, match=r"cannot load encoder .*: it holds no weights"):
        check_encoder(EncoderSettings(model=str(tmp_path)))
    monkeypatch.setattr("transforms.annotating.encoder._check_folder", lambda _: None)  # as if a stray .bin lay there
    with pytest.raises(ConfigError, match=r"cannot load encoder .*could not be loaded"):
        ClipEncoder(EncoderSettings(model=str(tmp_path)))


def test_a_folder_that_is_no_model(tmp_path: object) -> None:
    with pytest.raises(ConfigError, match=r"cannot load encoder .*config"):
        ClipEncoder(EncoderSettings(model=str(tmp_path)))


def test_a_step_that_asked_for_a_gpu_does_not_go_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    require_gpu()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"asks for a GPU .*finds none that it can use"):
        require_gpu()
