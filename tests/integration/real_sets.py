"""A configuration over all real instruction sets at hand."""

from __future__ import annotations

import pathlib
from typing import Any

#: name → file, and what has to be said of it beside.
SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "alpaca_en": ("alpaca_en_demo.json", {"adapter": "alpaca", "language": "en"}),
    "alpaca_zh": ("alpaca_zh_demo.json", {"adapter": "alpaca", "language": "zh"}),
    "glaive": ("glaive_toolcall_en_demo.json", {"adapter": "conversations"}),
    "mllm": ("mllm_demo.json", {"adapter": "messages"}),
    "mllm_video": ("mllm_video_demo.json", {"adapter": "messages"}),
    "v1_multimodal": ("v1_multimodal_demo.jsonl", {"media": ".", "media_prefix": "data/"}),
    "qwen_images": ("qwen_demo/single_images.json", {"media": "qwen_demo", "media_prefix": "demo/"}),
    "qwen_videos": ("qwen_demo/video.json", {"media": "qwen_demo/videos"}),
    "llava_qa": ("llava_coco/gpt4_qa_30x3.jsonl", {"place_media": "before_first_question"}),
    "llava_boxes": ("llava_coco/captions_boxes_80.jsonl", {"adapter": "captions"}),
}
#: What the set of boxes does not say of itself; its numbers all fit it.
DECLARED = {"unit": "0-1", "order": "xyxy", "frame": "upright"}


def real_settings(data: pathlib.Path, output: pathlib.Path, **sections: Any) -> dict[str, Any]:
    """``data``: the folder of the real sets."""
    sources = []
    for name, (file, said) in SETS.items():
        source = {"name": name, "path": str(data / file), "license": "Apache-2.0", **said}
        if "media" in said:
            source["media"] = str(data / said["media"])
        if name == "llava_boxes":
            source["coordinates"] = DECLARED
        sources.append(source)
    return {"output": str(output), "sources": sources, "max_reject_share": 0.5, **sections}
