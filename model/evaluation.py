"""What a trained model is worth, on packs that it has not seen: loss, and answers that are right to the letter."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.architecture.processing import LlavaOnevision1_5Processor
from model.training.loss_module import LossModule, MicroBatch
from model.training.packed_dataset import PackedDataset
from model.training.packed_loader import collate_packs
from transforms.conversations.document import Document, Text
from transforms.packing.documents.image_bytes import decode_image
from transforms.packing.layouts.native_reader import PackedSet, StoredPack


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
    model: LlavaOnevision1_5ForConditionalGeneration, folder: str, packs: str, most: int = 200, max_tokens: int = 16
) -> list[Answer]:
    """Greedy answers to the first question of up to ``most`` documents with one image; ``folder``: its processor's."""
    processor = LlavaOnevision1_5Processor.from_pretrained(folder)
    packed = PackedSet.open(packs)
    found: list[Answer] = []
    for index in range(len(packed)):
        for document, image in _with_one_image(packed.read(index)):
            if len(found) == most:
                return found
            found.append(_answer(model, processor, document, image, max_tokens))
    return found


def _with_one_image(pack: StoredPack) -> list[tuple[Document, bytes]]:
    images = iter(pack.images)
    own = [(document, [next(images) for _ in document.images]) for document in pack.documents]
    return [(document, shown[0]) for document, shown in own if len(shown) == 1 and not document.videos]


@torch.no_grad()
def _answer(
    model: LlavaOnevision1_5ForConditionalGeneration, processor: Any, document: Document, image: bytes, max_tokens: int
) -> Answer:
    end = next(number for number, message in enumerate(document.messages) if message.role == "assistant")
    turns = [_for_template(message.to_dict()) for message in document.messages[:end]]
    prompt = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    pixels = decode_image(image, document.images[0], document.key)
    inputs = processor(text=[prompt], images=[pixels], return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)
    given = processor.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)[0]
    return Answer(_text(document, end - 1), _text(document, end), given)


def _for_template(message: dict[str, Any]) -> dict[str, Any]:
    content = [{key: part[key] for key in part if key != "index"} for part in message["content"]]
    return {"role": message["role"], "content": content}


def _text(document: Document, number: int) -> str:
    return "".join(part.text for part in document.messages[number].content if isinstance(part, Text))
