"""The processor beside a model's weights: the files of the release, which transformers 4.53 reads as well as 5."""

from __future__ import annotations

import os
import shutil
from typing import Any

from model.architecture.processing import LlavaOnevision1_5Processor
from model.checkpoints.hub_layout import REMOTE_CODE
from model.checkpoints.json_files import read_json, write_json

_TOKENIZER = "tokenizer_config.json"
_PICTURES = ("preprocessor_config.json", "video_preprocessor_config.json")
_PROCESSOR_CLASS = LlavaOnevision1_5Processor.__name__
_MODEL_FILES = (
    "config.json",
    "generation_config.json",
    f"{REMOTE_CODE}.py",
)  # written anew; the rest is copied


_WEIGHTS_AND_CODE = (".safetensors", ".index.json", ".bin", ".pt", ".pth", ".py")  # of the model that was begun from


def save_processor(processor: LlavaOnevision1_5Processor, folder: str) -> None:
    """Write tokenizer, chat template and the settings of images and videos, each in a file of its own.

    (``processor.save_pretrained`` writes one file that transformers 5 alone understands.)
    """
    processor.tokenizer.chat_template = processor.chat_template
    processor.tokenizer.save_pretrained(folder)
    for name, part in zip(_PICTURES, (processor.image_processor, processor.video_processor), strict=True):
        limits = {"min_pixels": part.size["shortest_edge"], "max_pixels": part.size["longest_edge"]}
        write_json(os.path.join(folder, name), part.to_dict() | limits)
    _make_portable(folder)


def copy_processor(source: str, folder: str) -> None:
    """Copy what is no part of the model: packs know a tokenizer by its bytes, so it is not saved anew."""
    for name in os.listdir(source):
        path = os.path.join(source, name)
        if os.path.isfile(path) and not name.endswith(_WEIGHTS_AND_CODE) and name not in _MODEL_FILES:
            shutil.copyfile(path, os.path.join(folder, name))
    _make_portable(folder)


def _make_portable(folder: str) -> None:
    """Settle in the files what versions of transformers, and folders that were released, have differently."""
    for name, mend in ((_TOKENIZER, _tokenizer), *((name, _pictures) for name in _PICTURES)):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            write_json(path, mend(read_json(path)))


def _tokenizer(values: dict[str, Any]) -> dict[str, Any]:
    """Names that transformers 4 knows too, and padding on the left, as generation wants it."""
    values = {key: value for key, value in values.items() if key != "backend"}
    if values.get("tokenizer_class") == "TokenizersBackend":
        values["tokenizer_class"] = "PreTrainedTokenizerFast"
    if isinstance(extra := values.get("extra_special_tokens"), list):  # a mapping there
        del values["extra_special_tokens"]
        values["additional_special_tokens"] = extra
    return values | {"padding_side": "left"}


def _pictures(values: dict[str, Any]) -> dict[str, Any]:
    """One frame a patch, and our processor: by its name where this package is imported, else as remote code."""
    code = {"AutoProcessor": f"{REMOTE_CODE}.{_PROCESSOR_CLASS}"}
    return values | {"temporal_patch_size": 1, "processor_class": _PROCESSOR_CLASS, "auto_map": code}
