"""Embeddings of names, made a range at a time and kept, so that a build broken off embeds only what is missing.

<output>/embeddings/<names, prompts and encoder>/%05d.npy   (R, D) float32 of one range of names, in their order
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concept_vocab.prompts import PROMPTS
from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.settings import EncoderSettings
from transforms.configuration import fingerprint
from transforms.errors import RunFolderError
from transforms.storage import StoragePath

Vectors = NDArray[np.float32]  # (V, D), rows of length 1
_NAMES_A_RANGE = 4096  # 7 prompts each: 29,000 sentences, and 17 MB of vectors of 1,024 numbers


class NameRange(NamedTuple):
    """Names that one worker embeds at once."""

    path: StoragePath
    names: tuple[str, ...]


@dataclass(frozen=True)
class EmbeddingJob:
    """What is to be embedded by what; ``encoder_digest``: of its weights."""

    folder: StoragePath
    language: str
    names: Sequence[str]
    encoder: EncoderSettings
    encoder_digest: str

    def ranges(self) -> list[NameRange]:
        """All of them, made or not."""
        prompts = PROMPTS.get(self.language, ())
        mark = fingerprint(self.language, prompts, self.encoder.identity(), self.encoder_digest, list(self.names))
        return [
            NameRange(
                self.folder / mark / f"{start // _NAMES_A_RANGE:05d}.npy",
                tuple(self.names[start : start + _NAMES_A_RANGE]),
            )
            for start in range(0, len(self.names), _NAMES_A_RANGE)
        ]

    def missing(self) -> list[NameRange]:
        return [one for one in self.ranges() if not one.path.is_file()]

    def read(self) -> NDArray[np.float32]:
        """(V, D). Raises RunFolderError where a file is damaged."""
        return np.concatenate([_read(one) for one in self.ranges()])


class RangeEmbedder:
    """The encoder with the prompts of a language; loads the model."""

    def __init__(self, encoder: EncoderSettings, language: str) -> None:
        from transforms.annotating.encoder import ClipEncoder

        self._encoder = ClipEncoder(encoder)
        self._language = language

    def embed(self, names: Sequence[str]) -> NDArray[np.float32]:
        """(R, D) rows of length 1. Names differ, as those of concepts of one language do."""
        from transforms.annotating.concept_embedding import embed_vocabulary

        vocabulary = Vocabulary.from_names(names, self._language, "names", PROMPTS)
        assert len(vocabulary) == len(names), "two names are one"
        return embed_vocabulary(vocabulary, self._encoder)

    def write(self, one: NameRange) -> None:
        buffer = io.BytesIO()
        np.save(buffer, self.embed(one.names), allow_pickle=False)
        one.path.write_bytes(buffer.getvalue())


def _read(one: NameRange) -> NDArray[np.float32]:
    try:
        vectors = np.load(io.BytesIO(one.path.read_bytes()), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RunFolderError(f"{one.path} is damaged ({error}); remove {one.path.parent} and build again") from error
    if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != len(one.names):
        raise RunFolderError(f"{one.path} does not hold a vector a name; remove {one.path.parent} and build again")
    return np.asarray(vectors)
