"""From shards of raw samples to their annotations, in one pass: embed, which knows nothing of the vocabulary, and
retrieve, which knows nothing of the samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import pyarrow as pa

from transforms.annotating.busy_time import Times
from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.embedder import Embedder
from transforms.annotating.embedding_stream import Chunk, ShardUnderWay
from transforms.annotating.retriever import Retriever, set_search_threads
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.captions.assigning import Assigner
from transforms.datasets import annotations_schema
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject

_CHUNKS_AHEAD = 4  # encoded, and waiting for their columns: enough to keep both busy, few enough for any memory


class Annotated(NamedTuple):
    """What came of a shard, and the digest of all that was read of it."""

    shard: InputShard
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
        self._threads = encoder.threads
        self._schema = annotations_schema(
            retrieval.assign.width(retrieval.concepts_per_image),
            self._embedder.encoder.width if retrieval.keep_embedding else None,
            retrieval.caption_similarity,
            retrieval.spare_concepts,
            retrieval.assign.takes_captions,
        )
        self._assigner = assigner

    def stream(self) -> AnnotationStream:
        """A new one, for some shards."""
        return AnnotationStream(self, self._embedder, self._threads)

    def annotate(self, shard: InputShard, source: SourceSettings) -> Annotated:
        """The annotations of a shard, in its order, and its rejects; together as many as it holds samples."""
        stream = self.stream()
        (annotated,) = [*stream.add(shard, source), *stream.finish()]
        return annotated.result()

    def table(self, chunk: Chunk) -> pa.Table:
        """The annotations of a chunk's images."""
        if not chunk.images:
            return self._schema.empty_table()
        columns = self._embedder.columns(chunk) | self._retriever.columns(chunk.embeddings)
        if self._assigner is not None:
            columns |= self._assigner.columns(chunk.of.source.name, columns)
        return pa.table({name: columns[name] for name in self._schema.names}, schema=self._schema)


class AnnotationStream:
    """As :class:`transforms.annotating.embedding_stream.EmbeddingStream`: add shards, then finish.

    Columns, languages and concepts are found on a thread beside the one that feeds the encoder.
    """

    def __init__(self, annotator: Annotator, embedder: Embedder, threads: int) -> None:
        self._annotator, self._embedding = annotator, embedder.stream()
        # FAISS would otherwise take every core in each of the worker processes, and asks each thread how many it may
        self._thread = ThreadPoolExecutor(1, "columns", set_search_threads, (threads,))
        self._ahead: deque[Future[pa.Table]] = deque()
        self._tables: list[Future[pa.Table]] = []  # of the shard whose chunks come

    def add(self, shard: InputShard, source: SourceSettings) -> Iterator[Future[Annotated]]:
        """Shards that have left the encoder, as a rule those before this one. Raises InputError."""
        return self._taken(self._embedding.add(shard, source))

    def finish(self) -> Iterator[Future[Annotated]]:
        """Those that are left; nothing can be added any more."""
        yield from self._taken(self._embedding.finish())
        self._thread.shutdown(wait=False)

    def close(self) -> None:
        """After a failure, or at any time: what has not been begun is not done."""
        self._embedding.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def times(self) -> Times:
        """How long the encoder worked since this was made."""
        return self._embedding.clock.times()

    def _taken(self, chunks: Iterable[Chunk]) -> Iterator[Future[Annotated]]:
        for chunk in chunks:
            if len(self._ahead) == _CHUNKS_AHEAD:
                self._ahead.popleft().result()
            self._tables.append(self._thread.submit(self._annotator.table, chunk))
            self._ahead.append(self._tables[-1])
            if chunk.is_last:
                yield self._thread.submit(_together, chunk.of, self._tables)
                self._tables = []


def _together(of: ShardUnderWay, tables: list[Future[pa.Table]]) -> Annotated:
    """Runs after its tables, on their thread."""
    return Annotated(
        of.shard, pa.concat_tables([table.result() for table in tables]), of.rejects, of.digest.hexdigest()
    )
