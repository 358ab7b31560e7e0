"""The architecture and the tokenizer of the tiny encoder, in a folder that open_clip opens by ``local-dir:``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from transforms.miniature.captions import caption
from transforms.miniature.concepts import CONCEPTS
from transforms.miniature.pictures.scenes import generator, scene_of

WEIGHTS = "open_clip_model.safetensors"  # the name that open_clip looks for first
IMAGE_SIZE = 96
CONTEXT_LENGTH = 48  # tokens; the longest caption of 20,000 has 44
_SPECIAL_TOKENS = ["<pad>", "<start>", "<end>", "<unknown>"]
_PAD, _START, _END, _UNKNOWN = range(len(_SPECIAL_TOKENS))
_LARGEST_VOCABULARY = 1500  # all words of the captions and every letter, so that no text is unknown as a whole

#: What the concepts are trained in; the vocabulary's own prompts and such as a user might write.
TRAINING_PROMPTS = (
    "{}",
    "a picture of {}",
    "a drawing with {} in it",
    "a photo of {}",
    "an image of {}",
    "a scene with {}",
    "a {}",
    "{}.",
)


def write_config(folder: Path, vocabulary_size: int) -> None:
    """``open_clip_config.json``: the architecture and the preprocessing."""
    config: dict[str, Any] = {
        "model_cfg": {
            "embed_dim": 128,
            "custom_text": True,
            "vision_cfg": {
                # CLIP's own ResNet, narrow and one block a stage: measured on two CPU cores, it reached the loss of
                # timm's mobilenetv3_small_100 in 2.3 times fewer steps, each 1.5 times as long
                "layers": [1, 1, 1, 1],
                "width": 20,
                "head_width": 64,
                "image_size": IMAGE_SIZE,
            },
            "text_cfg": {
                "context_length": CONTEXT_LENGTH,
                "vocab_size": vocabulary_size,
                "hf_tokenizer_name": "tiny",  # any name: open_clip reads the tokenizer beside the config
                "width": 128,
                "heads": 4,
                "layers": 2,
                "mlp_ratio": 2.0,
                "pool_type": "eos",
                "eos_id": _END,
                "pad_id": _PAD,
            },
        },
        "preprocess_cfg": {
            "size": [IMAGE_SIZE, IMAGE_SIZE],
            "mode": "RGB",
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bicubic",
            "resize_mode": "squash",  # a crop would cut off what a caption names
        },
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")


def write_tokenizer(folder: Path, seed: int, captions: int = 20_000) -> int:
    """WordPiece over the generator's captions and prompts, a token a Chinese character; returns how many."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unknown>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=_LARGEST_VOCABULARY,
        special_tokens=_SPECIAL_TOKENS,
        initial_alphabet=list("abcdefghijklmnopqrstuvwxyz0123456789"),
        show_progress=False,
    )
    texts = [prompt.format(concept.name) for concept in CONCEPTS for prompt in TRAINING_PROMPTS]
    texts += [concept.chinese for concept in CONCEPTS]
    for index in range(captions):
        texts.append(caption(scene_of(seed, index, 0.3), index % 3 == 0, generator(seed, "caption", index)))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", _START), ("<end>", _END)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<start>",
        eos_token="<end>",
        unk_token="<unknown>",
        model_max_length=CONTEXT_LENGTH,
    )
    fast.save_pretrained(folder)
    return int(tokenizer.get_vocab_size())


def write_weights(folder: Path, model: torch.nn.Module) -> None:
    """In half precision, which is exact enough for inference and halves the file; open_clip loads it as float32."""
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()
    }
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / WEIGHTS)


def load(folder: Path) -> tuple[Any, Any, Any]:
    """Model, preprocessing and tokenizer, as any user of open_clip gets them."""
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    return model.eval(), preprocess, open_clip.get_tokenizer(f"local-dir:{folder}")
