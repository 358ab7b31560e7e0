"""Annotate as a Beam transform: one input shard an element, one file of annotations out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from transforms.annotating.annotator import Annotated, AnnotationStream, Annotator
from transforms.annotating.busy_time import Times
from transforms.annotating.changed_inputs import INPUT_DIGEST, files_of
from transforms.annotating.changed_vocabulary import ChangedVocabulary
from transforms.annotating.concept_vectors import read_concept_vectors
from transforms.annotating.concepts.unspoken import is_silent
from transforms.annotating.embedding_files import write_embeddings
from transforms.annotating.encoder import device_of, require_gpu
from transforms.annotating.retriever import set_search_threads
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.beam import CollectToList, WriteStageCounts, hinted
from transforms.captions.assigning import Assigner
from transforms.datasets import read_counts, read_metadata, read_table, write_rejects, write_table
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts
from transforms.resource_hints import asks_for_gpu
from transforms.run_folder import RunFolder
from transforms.stages import ANNOTATE
from transforms.storage import StoragePath

_TIMES = "times"
_WRITES_AHEAD = 4  # shards that are complete, and not yet written


class ShardToAnnotate(NamedTuple):
    """``part``: its name among the embeddings. ``made_by``: another run that annotated the same shard alike, from which
    that is taken over; ``is_same``: with the same vocabulary, else concepts are retrieved again."""

    shard: InputShard
    part: str
    made_by: RunFolder | None = None
    is_same: bool = True


class Annotate(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardToAnnotate] → annotations/… and rejects/annotate/…, and for the driver the stage's counts, and
    how long the encoder worked where anything was encoded."""

    def __init__(
        self,
        folder: RunFolder,
        sources: Mapping[str, SourceSettings],
        encoder: EncoderSettings,
        retrieval: RetrievalSettings,
        decode: DecodeSettings,
        resource_hints: Mapping[str, str] | None = None,
    ) -> None:
        """``resource_hints``: Beam's, of the step that loads the model, where it needs other machines than the rest."""
        super().__init__()
        self._folder = folder
        self._hints = dict(resource_hints or {})
        on_gpu = asks_for_gpu(self._hints)
        self._annotate = _AnnotateShard(folder, dict(sources), encoder, retrieval, decode, on_gpu)

    def expand(self, shards: beam.PCollection[ShardToAnnotate]) -> beam.PCollection[None]:
        annotate = hinted(self._annotate, self._hints).with_outputs(_TIMES, main="counts")
        done = shards | "Annotate shard" >> annotate
        together = done[_TIMES] | "Times together" >> CollectToList()
        together | "Leave times" >> beam.Map(_leave_times, encoder_times(self._folder))
        return done["counts"] | WriteStageCounts(self._folder.counts(ANNOTATE.name))


def encoder_times(folder: RunFolder) -> StoragePath:
    """Where a job leaves how long the encoder worked: the fields of Times; not there where nothing was encoded."""
    return folder.counts(f"{ANNOTATE.name}-encoder")


def _leave_times(several: list[Times], path: StoragePath) -> None:
    path.write_text(json.dumps(asdict(Times.sum(several))))


class _AnnotateShard(beam.DoFn):  # type: ignore[misc]
    """Annotates the shards of a bundle in one stream, and writes them on a thread beside it; counts leave when the
    files are complete."""

    def __init__(
        self,
        folder: RunFolder,
        sources: dict[str, SourceSettings],
        encoder: EncoderSettings,
        retrieval: RetrievalSettings,
        decode: DecodeSettings,
        on_gpu: bool,
    ) -> None:
        """``on_gpu``: there must be one."""
        self._on_gpu = on_gpu
        self._folder = folder
        self._sources = sources
        self._settings = (encoder, retrieval, decode)
        self._annotator: Annotator | None = None
        self._changed: ChangedVocabulary | None = None

    def start_bundle(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._written: list[Future[Counts]] = []
        self._stream: AnnotationStream | None = None
        self._parts: dict[tuple[str, str], str] = {}

    def process(self, found: ShardToAnnotate) -> Iterator[Counts]:
        shard, part, made_by, is_same = found
        path, _ = files_of(self._folder, shard)
        if path.exists():
            yield read_counts(path, self._folder.fingerprint)
            return
        if made_by is not None:
            yield self._take_over(made_by, shard, part, is_same)
            return
        if self._annotator is None:  # not in setup: a resumed job may have nothing left to load a model for
            self._annotator = self._begin()
        if self._stream is None:
            self._stream = self._annotator.stream()
        self._parts[shard.source, shard.name] = part
        self._hand_on(self._stream, self._stream.add(shard, self._sources[shard.source]))

    def _begin(self) -> Annotator:
        if self._on_gpu:
            require_gpu()
        concepts, assign = read_concept_vectors(self._folder), self._settings[1].assign
        if not assign.takes_captions:
            return Annotator(*self._settings, concepts)
        assigner = Assigner.of_run(self._folder, assign, is_silent(concepts.vectors), concepts.groups)
        return Annotator(*self._settings, concepts, assigner)

    def finish_bundle(self) -> Iterator[WindowedValue | TaggedOutput]:
        window = GlobalWindow()
        if self._stream is not None:
            self._hand_on(self._stream, self._stream.finish())
        self._writer.shutdown()
        for future in self._written:
            yield WindowedValue(future.result(), window.max_timestamp(), [window])
        if self._stream is not None:
            yield TaggedOutput(_TIMES, WindowedValue(self._stream.times(), window.max_timestamp(), [window]))

    def _hand_on(self, stream: AnnotationStream, annotated: Iterator[Future[Annotated]]) -> None:
        try:
            for one in annotated:
                self._written.append(self._writer.submit(self._write, one))
                if len(self._written) > _WRITES_AHEAD:  # a slow store holds up the encoder, not the memory
                    self._written[-1 - _WRITES_AHEAD].result()
        except BaseException:
            stream.close()
            raise

    def _write(self, annotated: Future[Annotated]) -> Counts:
        """Rejects first: the annotations are the sign that the shard is complete."""
        fingerprint, (shard, table, rejects, digest) = self._folder.fingerprint, annotated.result()
        annotations_path, rejects_path = files_of(self._folder, shard)
        counts = write_rejects(rejects_path, shard.name, rejects, fingerprint, table.num_rows)
        self._write_embeddings(self._parts[shard.source, shard.name], table)
        write_table(annotations_path, table, fingerprint, counts, {INPUT_DIGEST: digest})
        return counts

    def _write_embeddings(self, part: str, annotations: pa.Table) -> None:
        if self._settings[1].keep_embedding:
            write_embeddings(self._folder, part, annotations)

    def _take_over(self, reused: RunFolder, shard: InputShard, part: str, is_same: bool) -> Counts:
        """Copy one shard's files of another run, under this run's fingerprint, and with the concepts of its own."""
        folder = self._folder
        annotations, rejects = files_of(reused, shard)
        counts = read_counts(annotations, reused.fingerprint)
        made_of = read_metadata(annotations, reused.fingerprint).get(INPUT_DIGEST, "")
        to_annotations, to_rejects = files_of(folder, shard)
        if rejects.exists():
            write_table(to_rejects, read_table(rejects, reused.fingerprint), folder.fingerprint, counts)
        table = read_table(annotations, reused.fingerprint)
        if not is_same:
            table = self._changed_from(reused).with_new_concepts(table)
        self._write_embeddings(part, table)
        write_table(to_annotations, table, folder.fingerprint, counts, {INPUT_DIGEST: made_of})
        return counts

    def _changed_from(self, reused: RunFolder) -> ChangedVocabulary:
        if self._changed is None:
            encoder, retrieval, _ = self._settings
            before, now = read_concept_vectors(reused), read_concept_vectors(self._folder)
            set_search_threads(encoder.threads)
            self._changed = ChangedVocabulary(before, now, retrieval, device_of(encoder))
        return self._changed
