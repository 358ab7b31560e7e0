"""The layout of LLaVA-OneVision-1.5's own Megatron trainer: ``ps_%08d.img{i}.jpg`` and a JSON of three lists.

Document i of a pack is ``img{i}.jpg`` with ``prompts[i]`` and ``captions[i]``, and nothing else: one image, one
question, one answer, the default system prompt. What does not fit is said by :func:`fault`. (Source: the files that
examples/llava_ov_1_5/sample_packing of https://github.com/EvolvingLMMs-Lab/LLaVA-OneVision-1.5 writes.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import yaml

from transforms.conversations.document import DEFAULT_SYSTEM_PROMPT, Image, Message, Text
from transforms.exporting import energon
from transforms.exporting.manifest import ShardStats
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.layouts.ready import ReadyPack
from transforms.storage import StoragePath

#: What the trainer replaces by the image, wherever it stands in a text.
_PLACEHOLDER = "<image>"

#: The trainer's own class; Energon imports it when it opens the folder.
_DATASET = {
    "sample_type": {"__module__": "aiak_training_llm.data.multimodal", "__class__": "PackedCaptioningSample"},
    "part_filter": "sample_loader.py:part_filter",
    "sample_loader": "sample_loader.py:sample_loader",
}
_SAMPLE_LOADER = '''\
"""Members of a pack -> the fields of PackedCaptioningSample."""


def sample_loader(sample: dict) -> dict:
    about = sample["json"]
    return {
        "__key__": sample["__key__"],
        "__restore_key__": sample["__restore_key__"],
        "captions": about["captions"],
        "prompts": about["prompts"],
        "images": [sample[name] for name in about["images"]],
    }


def part_filter(part: str) -> bool:
    return True
'''


def fault(located: LocatedDocument) -> str | None:
    """Why the layout cannot hold a document, or None."""
    document = located.document
    messages = list(document.messages)
    if document.videos:
        return "llava-ov-1.5 packs hold no video"
    if len(document.images) != 1:
        return f"llava-ov-1.5 packs hold exactly one image a document, this one shows {len(document.images)}"
    if messages[0].role == "system":
        if messages[0].content != (Text(DEFAULT_SYSTEM_PROMPT),):
            return "llava-ov-1.5 packs hold no system prompt of their own"
        messages = messages[1:]
    if [message.role for message in messages] != ["user", "assistant"]:
        return f"llava-ov-1.5 packs hold one question and one answer, this document has {len(messages)} turns"
    if not messages[1].train:
        return "llava-ov-1.5 packs hold no answer that is not trained on"
    if any(isinstance(part, Image) for part in messages[1].content):
        return "llava-ov-1.5 packs hold no image in an answer"
    if any(_PLACEHOLDER in part.text for message in messages for part in message.content if isinstance(part, Text)):
        return f"the text holds {_PLACEHOLDER}, which llava-ov-1.5 packs keep for the place of the image"
    return None


def members(pack: ReadyPack) -> Iterator[tuple[str, bytes]]:
    """Images are named .jpg whatever they are, as the trainer asks; it decodes them by content."""
    names = [f"img{index}.jpg" for index in range(len(pack.located))]
    for name, images in zip(names, pack.images, strict=True):
        yield name, images[0]
    turns = [one.document.messages[-2:] for one in pack.located]
    about = {
        "prompts": [_text(question) for question, _ in turns],
        "captions": [_text(answer) for _, answer in turns],
        "images": names,
    }
    yield "json", json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def write_metadata(folder: StoragePath, stats: Sequence[ShardStats]) -> None:
    """``.nv-meta`` as the trainer's own packer leaves it, so that Energon opens the folder as it is."""
    energon.write_metadata(folder, stats)
    (folder / ".nv-meta" / "dataset.yaml").write_text(yaml.safe_dump(_DATASET, sort_keys=False))
    (folder / ".nv-meta" / "sample_loader.py").write_text(_SAMPLE_LOADER)


def _text(message: Message) -> str:
    return "".join(part.text if isinstance(part, Text) else _PLACEHOLDER for part in message.content)
