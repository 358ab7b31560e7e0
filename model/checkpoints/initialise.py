"""A model of random weights in a folder of its own: where the tiny recipe, and tests, begin."""

from __future__ import annotations

import os

import torch
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from model.architecture.configuration import LlavaOnevision1_5Config
from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.architecture.processing import PLACEHOLDERS, build_processor
from model.checkpoints.hub import export_hub
from model.checkpoints.processor_files import save_processor
from model.errors import ModelConfigError
from transforms.packing.documents.tiny_tokenizer import DEFAULT_TEXTS, tiny_tokenizer


def tiny_pretrained_tokenizer(
    texts: tuple[str, ...] = DEFAULT_TEXTS, vocabulary_size: int = 512
) -> PreTrainedTokenizerBase:
    """The project's small tokenizer, as transformers' processors take it."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tiny_tokenizer(texts, vocabulary_size),
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        clean_up_tokenization_spaces=False,
    )


def initialise(config: LlavaOnevision1_5Config, tokenizer: PreTrainedTokenizerBase, folder: str, seed: int = 0) -> None:
    """Write a model of ``config`` with random weights, and a processor around ``tokenizer``, whose ids it takes over.

    Raises ModelConfigError if the tokenizer has more tokens than the model has embeddings.
    """
    processor = build_processor(tokenizer)
    size = len(tokenizer)
    if size > config.text_config.vocab_size:
        raise ModelConfigError(
            f"the tokenizer has {size} tokens, text_config.vocab_size is {config.text_config.vocab_size}: raise it"
        )
    for field, token in PLACEHOLDERS.items():
        setattr(config, field, tokenizer.convert_tokens_to_ids(token))
    config.text_config.eos_token_id = tokenizer.eos_token_id
    config.text_config.pad_token_id = tokenizer.pad_token_id
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlavaOnevision1_5ForConditionalGeneration._from_config(config, dtype=torch.float32)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    export_hub(model, os.fspath(folder))
    save_processor(processor, os.fspath(folder))
