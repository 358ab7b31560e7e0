"""What a trained model is worth, on packs that it has not seen: loss, and answers that are right to the letter."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import torch

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.architecture.processing import LlavaOnevision1_5Processor
from model.training.loss_module import LossModule, MicroBatch
from model.training.packed_dataset import PackedDataset
from model.training.packed_loader import collate_packs
from transforms.conversations.document import Document, Text
from transforms.packing.documents.image_bytes import decode_image
from transforms.packing.layouts.native_reader import PackedSet


@torch.no_grad()
def held_out_loss(model: LlavaOnevision1_5ForConditionalGeneration, packs: str, chunk_tokens: int = 1024) -> float:
    """Mean of −log p over the targets of all packs of a set, each read once."""
    step, device = LossModule(model.eval(), chunk_tokens), model.device
    total, targets = 0.0, 0
    for sample in PackedDataset(packs, epochs=1, rank=0, world_size=1):
        part = MicroBatch.of(collate_packs([sample]))
        _, part_sum = step(**part.arguments(device), step_targets=1.0, step_parts=1)
        total += float(part_sum)
        targets += len(part.targets)
    return total / targets


@dataclasses.dataclass(frozen=True)
class Answer:
    question: str
    wanted: str
    given: str

    @property
    def is_right(self) -> bool:
        return self.given.strip().casefold() == self.wanted.strip().casefold()


def answers(
    model: LlavaOnevision1_5ForConditionalGeneration,
    folder: str,
    packs: str,
    most: int = 200,
    max_tokens: int = 16,
    at_once: int = 8,
) -> list[Answer]:
    """Greedy answers to the first question of up to ``most`` documents with one image; ``folder``: its processor's.

    Of so many ``at_once``: a small model takes as long for a token of one as of all of them, a large one its memory.
    """
    processor = LlavaOnevision1_5Processor.from_pretrained(folder)
    documents = islice(_with_one_image(PackedSet.open(packs)), most)
    found: list[Answer] = []
    while asked := list(islice(documents, at_once)):
        found += _answers(model, processor, asked, max_tokens)
    return found


def _with_one_image(packed: PackedSet) -> Iterator[tuple[Document, bytes]]:
    for index in range(len(packed)):
        pack = packed.read(index)
        images = iter(pack.images)
        for document in pack.documents:
            shown = [next(images) for _ in document.images]
            if len(shown) == 1 and not document.videos:
                yield document, shown[0]


@torch.no_grad()
def _answers(
    model: LlavaOnevision1_5ForConditionalGeneration,
    processor: Any,
    asked: Sequence[tuple[Document, bytes]],
    max_tokens: int,
) -> list[Answer]:
    ends = [_first_answer(document) for document, _ in asked]
    turns = [
        [_for_template(message.to_dict()) for message in document.messages[:end]]
        for (document, _), end in zip(asked, ends, strict=True)
    ]
    prompts = [processor.apply_chat_template(one, add_generation_prompt=True, tokenize=False) for one in turns]
    pixels = [[decode_image(image, document.images[0], document.key)] for document, image in asked]
    padded = {"padding": True, "padding_side": "left"}  # each is gone on with at its right end
    inputs = processor(text=prompts, images=pixels, return_tensors="pt", **padded).to(model.device)
    output = model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)
    given = processor.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return [
        Answer(_text(document, end - 1), _text(document, end), answer)
        for (document, _), end, answer in zip(asked, ends, given, strict=True)
    ]


def _first_answer(document: Document) -> int:
    return next(number for number, message in enumerate(document.messages) if message.role == "assistant")


def _for_template(message: dict[str, Any]) -> dict[str, Any]:
    content = [{key: part[key] for key in part if key != "index"} for part in message["content"]]
    return {"role": message["role"], "content": content}


def _text(document: Document, number: int) -> str:
    return "".join(part.text for part in document.messages[number].content if isinstance(part, Text))
