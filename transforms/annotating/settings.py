"""What encoder annotates, and how many concepts it may name for an image."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from transforms.captions.settings import AssignSettings
from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings
from transforms.errors import ConfigError


class EncoderSettings(Settings):
    """A CLIP-style encoder: any that open_clip can build, or a CLIP of transformers."""

    model: str = Field(
        min_length=1,
        description="an open_clip architecture (ViT-H-14-quickgelu), or a folder, here or at a URI, with weights, "
        "tokenizer and open_clip_config.json, or, of transformers, the config.json of a CLIP",
        json_schema_extra=NOT_FINGERPRINTED,  # its content is an input: encoder.weights_digest
    )
    pretrained: str | None = Field(
        None,
        description="an open_clip tag (metaclip_fullcc), a weights file, here or at a URI, or 'random' for seeded "
        "random weights; null for a folder, which holds its own",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    languages: list[str] | None = Field(
        None,
        min_length=1,
        description="those that its texts may be in, as it was trained (ISO 639-1); concepts of others are refused; "
        "null: not said, and all are taken",
        json_schema_extra=NOT_FINGERPRINTED,  # what it refuses makes no run
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 on processors that compute it natively, else fp32"
    )
    batch_size: int = Field(
        256,
        ge=1,
        description="images in one forward pass; more fills a GPU, less saves memory; on cores annotate takes 32 "
        "at most",
    )
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
    cache: str | None = Field(
        None,
        min_length=1,
        description="a folder, where embeddings of concepts are kept by encoder, prompts and concepts, for other runs; "
        "null: in the run folder, until all are there",
        json_schema_extra=NOT_FINGERPRINTED,
    )


IndexName = Literal["exact", "product", "ivf", "hnsw", "factory", "auto"]


class IndexSettings(Settings):
    """What concepts are searched by. An approximate one is built with the vocabulary, and measured there."""

    kind: IndexName = Field(
        "exact",
        description="exact: every concept is compared, by FAISS on a CPU and by a matrix product on a GPU; product: "
        "the matrix product on either; ivf, hnsw: approximate, by lists and by a graph; factory: whatever FAISS makes "
        "of the string in factory; auto: what was measured fastest for device and size",
    )
    factory: str | None = Field(
        None, min_length=1, description="of kind factory: FAISS's string, as IVF4096,PQ64 or HNSW32,SQ8; null of others"
    )
    parameters: str | None = Field(
        None,
        min_length=1,
        description="how far an approximate one looks, as FAISS writes it: nprobe=64, or efSearch=256; null: by "
        "kind, and further where it finds less than min_recall",
    )
    min_recall: float = Field(
        0.95,
        gt=0,
        le=1,
        description="of an approximate one: the share of the concepts found by exact search that it must find too, on "
        "a keyed sample of the images; with less it is not used",
    )

    @model_validator(mode="after")
    def _only_what_the_kind_takes(self) -> Self:
        if (self.factory is not None) != (self.kind == "factory"):
            raise ValueError("factory goes with kind: factory, and that with a factory")
        if self.parameters is not None and self.kind in ("exact", "product", "auto"):
            raise ValueError(f"parameters are not for kind {self.kind}; leave them out")
        return self


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
    stored_concepts: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="concepts stored an image, more than concepts_per_image, so that a later vocabulary may lack some "
        "of them (32 for 10); takes keep_embedding: true; null: no more than are used",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    hub_correction: bool = Field(
        False,
        description="score a concept by how far it lies above its own median over a sample of images, so that concepts "
        "near to all images lose; for encoders with such hubs alone: it does harm on the miniature corpus",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    assign: AssignSettings = Field(
        default_factory=AssignSettings,
        description="whether images get concepts by what they show, by their captions, or by both",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    index: IndexSettings = Field(default_factory=IndexSettings, json_schema_extra=FINGERPRINTED_IF_SET)

    @property
    def spare_concepts(self) -> int:
        """Concepts stored an image beyond those that are used."""
        return (self.stored_concepts or self.concepts_per_image) - self.concepts_per_image

    @model_validator(mode="after")
    def _stored_for_a_later_search(self) -> Self:
        if self.stored_concepts is None:
            return self
        if not self.keep_embedding:
            raise ValueError("stored_concepts is for a later search of stored embeddings: set keep_embedding: true")
        if self.stored_concepts < self.concepts_per_image:
            raise ValueError(f"stored_concepts is below concepts_per_image, {self.concepts_per_image}")
        return self


def require_concepts(n_concepts: int, k: int) -> None:
    """Raises ConfigError where an image cannot get ``k`` concepts out of ``n_concepts`` that differ in meaning."""
    if k > n_concepts:
        raise ConfigError(
            f"retrieval.concepts_per_image is {k}, but the vocabulary holds {n_concepts} concepts; lower it"
        )
