"""What encoder annotates, and how many concepts it may name for an image."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings
from transforms.errors import ConfigError


class EncoderSettings(Settings):
    """A CLIP-style encoder: any that open_clip can build, or a CLIP of transformers."""

    model: str = Field(
        min_length=1,
        description="an open_clip architecture (ViT-H-14-quickgelu), or a folder with weights, tokenizer and "
        "open_clip_config.json, or, of transformers, the config.json of a CLIP",
        json_schema_extra=NOT_FINGERPRINTED,  # its content is an input: encoder.weights_digest
    )
    pretrained: str | None = Field(
        None,
        description="an open_clip tag (metaclip_fullcc), a weights file, or 'random' for seeded random weights; null "
        "for a folder, which holds its own",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 on processors that compute it natively, else fp32"
    )
    batch_size: int = Field(256, ge=1, description="images in one forward pass; more fills a GPU, less saves memory")
    threads: int = Field(
        1,
        ge=1,
        description="CPU threads of one worker's forward pass; fingerprinted, since the order of sums follows it",
    )
    decode_threads: int = Field(
        2,
        ge=1,
        description="threads that decode images beside the forward pass of one worker",
        json_schema_extra=NOT_FINGERPRINTED,
    )


class VocabularySettings(Settings):
    """The concepts that images are searched for."""

    path: str = Field(
        min_length=1,
        description="a word list: YAML with prompts and concepts, or text with a concept a line; or the folder that "
        "`evenweave vocabulary build` wrote",
        json_schema_extra=NOT_FINGERPRINTED,  # its content is an input
    )


class RetrievalSettings(Settings):
    """How concepts are retrieved for an image."""

    concepts_per_image: int = Field(
        10, ge=1, le=256, description="K: the K nearest concepts are kept with their scores; balance sets the threshold"
    )
    keep_embedding: bool = Field(
        False,
        description="store each image's embedding too (2 bytes a dimension), in annotations, and in embeddings/ as "
        "clip-retrieval has them",
    )
    caption_similarity: bool = Field(
        False,
        description="embed captions too, and store the cosine of each with its image, for the filter stage",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )


def require_concepts(n_concepts: int, k: int) -> None:
    """Raises ConfigError where an image cannot get ``k`` concepts out of ``n_concepts``."""
    if k > n_concepts:
        raise ConfigError(
            f"retrieval.concepts_per_image is {k}, but the vocabulary holds {n_concepts} concepts; lower it"
        )
