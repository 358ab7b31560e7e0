"""From a shard of raw samples to its annotations, in one pass: embed, which knows nothing of the vocabulary, and
retrieve, which knows nothing of the samples."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.embedder import Embedded, Embedder
from transforms.annotating.input_digest import InputDigest
from transforms.annotating.retriever import Retriever, set_search_threads
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.captions.assigning import Assigner
from transforms.datasets import annotations_schema
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject


class Annotated(NamedTuple):
    """What came of a shard, and the digest of all that was read of it."""

    table: pa.Table
    rejects: list[Reject]
    input_digest: str


class Annotator:
    """What one worker keeps loaded: the encoder and the index of concepts."""

    def __init__(
        self,
        encoder: EncoderSettings,
        retrieval: RetrievalSettings,
        decode: DecodeSettings,
        concepts: ConceptVectors,
        assigner: Assigner | None = None,
    ) -> None:
        """``assigner``: where concepts of captions are wanted too."""
        self._embedder = Embedder(encoder, decode, retrieval.caption_similarity)
        self._retriever = Retriever(concepts, retrieval, self._embedder.encoder.device)
        set_search_threads(encoder.threads)
        self._schema = annotations_schema(
            retrieval.assign.width(retrieval.concepts_per_image),
            self._embedder.encoder.width if retrieval.keep_embedding else None,
            retrieval.caption_similarity,
            retrieval.spare_concepts,
            retrieval.assign.takes_captions,
        )
        self._assigner = assigner

    def annotate(self, shard: InputShard, source: SourceSettings) -> Annotated:
        """The annotations of a shard, in its order, and its rejects; together as many as it holds samples."""
        digest = InputDigest()
        rejects: list[Reject] = []
        tables = []
        for batch in self._embedder.embed(shard, source, digest):
            if isinstance(batch, Embedded):
                columns = batch.columns | self._retriever.columns(batch.embeddings)
                if self._assigner is not None:
                    columns |= self._assigner.columns(source.name, columns)
                tables.append(pa.table({name: columns[name] for name in self._schema.names}, schema=self._schema))
            else:
                rejects.extend(batch)
        table = pa.concat_tables(tables) if tables else self._schema.empty_table()
        return Annotated(table, rejects, digest.hexdigest())
