"""The processor beside a model's weights: the files of the release, which every version of transformers reads."""

from __future__ import annotations

import os
import shutil

from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor

from model.architecture.processing import LlavaOnevision1_5Processor
from model.checkpoints.json_files import write_json

_MODEL_FILES = ("config.json", "generation_config.json")  # written anew; other files are the processor's


def save_processor(processor: LlavaOnevision1_5Processor, folder: str) -> None:
    """Write the files of the release, which every version of transformers reads, with its class, Qwen2.5-VL's.

    (``processor.save_pretrained`` writes what transformers 5 alone understands, under our own class.)
    """
    processor.tokenizer.chat_template = processor.chat_template
    processor.tokenizer.save_pretrained(folder)
    image, video = processor.image_processor, processor.video_processor
    for name, part in (("preprocessor_config.json", image), ("video_preprocessor_config.json", video)):
        values = part.to_dict() | {
            "processor_class": Qwen2_5_VLProcessor.__name__,
            "min_pixels": part.size["shortest_edge"],
            "max_pixels": part.size["longest_edge"],
        }
        write_json(os.path.join(folder, name), values)


def copy_processor(source: str, folder: str) -> None:
    """Copy tokenizer, chat template and image settings as they are: packs know a tokenizer by its bytes."""
    for name in os.listdir(source):
        path = os.path.join(source, name)
        if os.path.isfile(path) and name not in _MODEL_FILES and "safetensors" not in name:
            shutil.copyfile(path, os.path.join(folder, name))
