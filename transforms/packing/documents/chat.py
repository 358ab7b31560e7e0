"""Documents → token ids and labels under the chat template, in batches, with exact lengths.

The template is Qwen2.5-VL's: each turn is ``<|im_start|>role\\n…<|im_end|>\\n``, a default system turn where there is
none, an image is ``<|vision_start|><|image_pad|>×n<|vision_end|>`` (a video ``<|video_pad|>``). A text is tokenised
once, whole; which tokens are answers is read from the tokenizer's own offsets, never by tokenising answers again,
which would cut words elsewhere than in context.

Shape legend: L tokens of a document, I images, V videos, A assistant turns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from transforms.conversations.document import (
    DEFAULT_SYSTEM_PROMPT,
    SPECIAL_TOKENS,
    Document,
    Image,
    Message,
    Text,
    Video,
)
from transforms.errors import InputError
from transforms.packing.documents import image_tokens
from transforms.packing.documents.image_tokens import IMAGE_LIMITS, VIDEO_LIMITS, PixelLimits
from transforms.packing.settings import PackSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

#: The label of a token that is not trained on: torch's and transformers' ``ignore_index``.
IGNORED_LABEL = -100

_RESERVED = re.compile("|".join(map(re.escape, SPECIAL_TOKENS)))


@dataclass(frozen=True)
class Tokenised:
    """A document as the trainer reads it. ``labels`` stand under their own tokens: the loss shifts them, not we."""

    token_ids: NDArray[np.int32]  # (L,)
    labels: NDArray[np.int32]  # (L,), IGNORED_LABEL but for answers to be learnt and the <|im_end|> after each
    image_grids: NDArray[np.int64]  # (I, 3) rows (1, patches high, patches wide)
    video_grids: NDArray[np.int64]  # (V, 3) rows (frames, patches high, patches wide)

    @property
    def num_tokens(self) -> int:
        return len(self.token_ids)

    @property
    def num_patches(self) -> int:
        grids = (self.image_grids, self.video_grids)
        return int(sum(image_tokens.num_patches(grid).sum() for grid in grids))


@dataclass(frozen=True)
class Lengths:
    """What the planner needs of a document that can be packed."""

    num_tokens: int
    num_patches: int


class ChatTokenizer:
    """The chat template over a Rust tokenizer. Deterministic; safe to share between threads."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        image_limits: PixelLimits = IMAGE_LIMITS,
        video_limits: PixelLimits = VIDEO_LIMITS,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        origin: str = "the tokenizer",
    ) -> None:
        """Raises InputError naming the special tokens that ``tokenizer`` lacks."""
        ids = {token: number for token in SPECIAL_TOKENS if (number := tokenizer.token_to_id(token)) is not None}
        if missing := [token for token in SPECIAL_TOKENS if token not in ids]:
            raise InputError(
                f"{origin} has no {', '.join(missing)}: the chat template cannot be written with it. Use a tokenizer "
                "of the Qwen2.5-VL or Qwen3 family, or add these as special tokens."
            )
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._image_limits, self._video_limits = image_limits, video_limits
        self._system = Message("system", (Text(system_prompt),))
        self._image_pad, self._video_pad = ids["<|image_pad|>"], ids["<|video_pad|>"]
        self._is_vision = np.zeros(self.vocabulary_size, np.bool_)  # never trained on, not even in an answer
        for token in ("<|vision_start|>", "<|image_pad|>", "<|video_pad|>", "<|vision_end|>"):
            self._is_vision[ids[token]] = True

    @classmethod
    def load(cls, path: str, **options: Any) -> ChatTokenizer:
        """From a ``tokenizer.json`` or the folder that holds one, at a path or URI. Options as in ``__init__``."""
        location = StoragePath.of(path)
        file = location if str(location).endswith(".json") else location / "tokenizer.json"
        if not file.is_file():
            raise InputError(f"no tokenizer.json at {location}; name the folder that save_pretrained wrote")
        try:
            tokenizer = Tokenizer.from_str(file.read_text())
        except Exception as error:  # the Rust library raises a bare Exception
            raise InputError(f"{file} cannot be read as a tokenizer: {error}") from error
        return cls(tokenizer, origin=str(file), **options)

    @classmethod
    def of(cls, settings: PackSettings) -> ChatTokenizer:
        return cls.load(
            settings.tokenizer,
            image_limits=settings.image_limits,
            video_limits=settings.video_limits,
            system_prompt=settings.system_prompt,
        )

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell tokenizers apart: two that agree give the same ids."""
        values = json.loads(self._tokenizer.to_str())
        values.pop("post_processor", None)  # never used here, and transformers adds an empty one when it saves
        return xxhash.xxh3_64_hexdigest(json.dumps(values, sort_keys=True, ensure_ascii=False).encode())

    @property
    def system_turn(self) -> Message:
        """What opens a document that has no system turn of its own."""
        return self._system

    @property
    def vocabulary_size(self) -> int:
        """One more than the greatest id."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values()) + 1

    def encode(self, documents: Sequence[Document]) -> list[Tokenised | Reject]:
        """Ids and labels of each document, in order; a reject for one that cannot be written in the template."""
        rendered = self._render(documents)
        fine = [one for one in rendered if not isinstance(one, Reject)]
        encodings = iter(self._tokenizer.encode_batch([one.text for one in fine], add_special_tokens=False))
        return [one if isinstance(one, Reject) else self._expand(one, next(encodings)) for one in rendered]

    def lengths(self, documents: Sequence[Document]) -> list[Lengths | Reject]:
        """Exact tokens and patches of each document, in order: those of :meth:`encode`, without keeping ids."""
        rendered = self._render(documents)
        fine = [one for one in rendered if not isinstance(one, Reject)]
        encodings = iter(self._tokenizer.encode_batch_fast([one.text for one in fine], add_special_tokens=False))
        return [one if isinstance(one, Reject) else one.lengths(len(next(encodings))) for one in rendered]

    def turn_tokens(self, document: Document) -> NDArray[np.int64] | Reject:
        """(messages,) tokens that each turn of ``document`` adds; special tokens part turns, so that lengths add up.

        The system turn that the template puts before a document without one is not counted.
        """
        (rendered,) = self._render([document])
        if isinstance(rendered, Reject):
            return rendered
        texts = rendered.turns[-len(document.messages) :]
        counts = np.array([len(one) for one in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)])
        grids = {"image": iter(rendered.image_grids), "video": iter(rendered.video_grids)}
        for row, message in enumerate(document.messages):
            for part in message.content:
                if not isinstance(part, Text):
                    grid = next(grids["image" if isinstance(part, Image) else "video"])
                    counts[row] += int(image_tokens.num_tokens(grid)[0]) - 1
        return counts.astype(np.int64)

    def _render(self, documents: Sequence[Document]) -> list[_Rendered | Reject]:
        """The text of each with one pad a medium, where answers stand in it, and the grids of what it shows."""
        images = _grids([[(1, *size) for size in document.images] for document in documents], self._image_limits)
        videos = _grids([document.videos for document in documents], self._video_limits)
        rendered: list[_Rendered | Reject] = []
        for document, image_grids, video_grids in zip(documents, images, videos, strict=True):
            if isinstance(image_grids, str) or isinstance(video_grids, str):
                detail = image_grids if isinstance(image_grids, str) else str(video_grids)
                rendered.append(Reject(document.key, Reason.EXTREME_ASPECT_RATIO, detail))
            else:
                rendered.append(self._render_turns(document, image_grids, video_grids))
        return rendered

    def _render_turns(
        self, document: Document, image_grids: NDArray[np.int64], video_grids: NDArray[np.int64]
    ) -> _Rendered | Reject:
        messages = document.messages
        if not messages or messages[0].role != "system":
            messages = (self._system, *messages)
        turns: list[str] = []
        answers: list[tuple[int, int]] = []
        length = 0
        for message in messages:
            if token := _reserved_token(message):
                return Reject(document.key, Reason.RESERVED_TOKEN, f"a {message.role} turn holds {token} as text")
            head = f"<|im_start|>{message.role}\n"
            body = "".join(part.text if isinstance(part, Text) else _PLACE[type(part)] for part in message.content)
            turns.append(f"{head}{body}<|im_end|>\n")
            if message.role == "assistant" and message.train:
                answers.append((length + len(head), length + len(head) + len(body)))
            length += len(turns[-1])
        return _Rendered(turns, answers, image_grids, video_grids)

    def _expand(self, rendered: _Rendered, encoding: Encoding) -> Tokenised:
        """Repeat each pad as often as its medium has tokens, and label the answers."""
        ids = np.array(encoding.ids, np.int32)
        labels = np.full(len(ids), IGNORED_LABEL, np.int32)
        for start, end in rendered.answers:
            trained = slice(_token_from(encoding, start), _token_from(encoding, end) + 1)
            labels[trained] = ids[trained]
        labels[self._is_vision[ids]] = IGNORED_LABEL
        repeats = np.ones(len(ids), np.int64)
        repeats[ids == self._image_pad] = image_tokens.num_tokens(rendered.image_grids)
        repeats[ids == self._video_pad] = image_tokens.num_tokens(rendered.video_grids)
        return Tokenised(
            np.repeat(ids, repeats), np.repeat(labels, repeats), rendered.image_grids, rendered.video_grids
        )


@dataclass(frozen=True)
class _Rendered:
    turns: list[str]
    answers: list[tuple[int, int]]  # (A, 2) characters [start, end) of what each assistant turn that is trained on says
    image_grids: NDArray[np.int64]
    video_grids: NDArray[np.int64]

    @property
    def text(self) -> str:
        return "".join(self.turns)

    def lengths(self, text_tokens: int) -> Lengths:
        tokens, patches = text_tokens, 0
        for grids in (self.image_grids, self.video_grids):
            tokens += int(image_tokens.num_tokens(grids).sum()) - len(grids)
            patches += int(image_tokens.num_patches(grids).sum())
        return Lengths(tokens, patches)


_PLACE = {
    kind: f"<|vision_start|><|{pad}|><|vision_end|>" for kind, pad in ((Image, "image_pad"), (Video, "video_pad"))
}


def _grids(sizes: Sequence[Sequence[tuple[int, int, int]]], limits: PixelLimits) -> list[NDArray[np.int64] | str]:
    """(frames, width, height) of each medium of each document → its (I, 3) grids, or why one cannot be resized."""
    ends = np.cumsum([len(own) for own in sizes])
    rows = np.array([size for own in sizes for size in own], np.int64).reshape(-1, 3)
    fine = image_tokens.is_measurable(rows[:, 1], rows[:, 2])
    flat = np.zeros_like(rows)
    flat[fine] = image_tokens.grids(rows[fine, 1], rows[fine, 2], limits, frames=rows[fine, 0])
    grids: list[NDArray[np.int64] | str] = [flat[end - len(own) : end] for own, end in zip(sizes, ends, strict=True)]
    for row in np.flatnonzero(~fine):
        _, width, height = rows[row]
        grids[int(np.searchsorted(ends, row, side="right"))] = (
            f"{width}x{height} pixels: the image processor takes sides up to {image_tokens.MAX_ASPECT_RATIO} to 1"
        )
    return grids


def _reserved_token(message: Message) -> str | None:
    """The first special token that stands in the texts of ``message``, where it would end a turn or fake an image."""
    found = (_RESERVED.search(part.text) for part in message.content if isinstance(part, Text))
    return next((match[0] for match in found if match), None)


def _token_from(encoding: Encoding, start: int) -> int:
    """The first token that lies wholly at or after character ``start``.

    A newline of the answer may be merged with the one before it: that token begins in the prompt and is not trained
    on. A character that normalisation removed has no token of its own; then the next one counts.
    """
    while (token := encoding.char_to_token(start)) is None:
        start += 1
    begins_before = encoding.token_to_chars(token)[0] < start  # type: ignore[index]  # a token has characters
    return int(token) + begins_before
