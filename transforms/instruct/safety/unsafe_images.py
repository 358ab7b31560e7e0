"""Images scored without training: how near an encoder sees them to what is not to be shown.

Shape legend: N images, C concepts, D embedding width.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from transforms.batching import batched
from transforms.images.decode import DecodeSettings
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault
from transforms.instruct.safety.settings import UnsafeImagesSettings

_LIMITS = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)


class UnsafeImages:
    """The encoder and the concepts, loaded."""

    def __init__(self, settings: UnsafeImagesSettings) -> None:
        """Raises ConfigError for an encoder or a list that cannot be had."""
        from transforms.annotating.concept_embedding import embed_vocabulary
        from transforms.annotating.encoder import ClipEncoder
        from transforms.annotating.word_lists import read_word_list

        self._encoder = ClipEncoder(settings.encoder)
        self._batch = settings.encoder.batch_size
        self._preprocess = self._encoder.preprocessor(_LIMITS)
        self._concepts = embed_vocabulary(read_word_list(settings.concepts), self._encoder)  # (C, D)

    def scores(self, images: Iterable[tuple[bytes, bytes]]) -> dict[bytes, float]:
        """Hash and bytes of N images → by hash, the cosine with the nearest concept; those that cannot be decoded have
        none."""
        found: dict[bytes, float] = {}
        prepared = ((content, self._preprocess(data)) for content, data in images)
        sound = ((content, one.pixels) for content, one in prepared if not isinstance(one, ImageFault))
        for batch in batched(sound, self._batch):
            embedded = self._encoder.encode_images(np.stack([pixels for _, pixels in batch])).cpu().numpy()
            nearest = (embedded @ self._concepts.T).max(axis=1)
            found.update((content, float(score)) for (content, _), score in zip(batch, nearest, strict=True))
        return found
