"""Job: word list → vocabulary with text embeddings, and what images are searched with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from pipelines.build_run import BuildRun
from pipelines.run_stage import StageJob
from transforms.annotating.concepts.image_sample import choose, read_sample
from transforms.annotating.concepts.joining import carry, joined, prompts_mark
from transforms.annotating.concepts.parts import EmbeddingWork, begin, embed_part
from transforms.annotating.concepts.searched import needs_images, searched_by
from transforms.annotating.concepts.unspoken import silenced
from transforms.annotating.encoder import ClipEncoder, describe, device_of, most_workers
from transforms.annotating.indexes import chosen
from transforms.annotating.word_lists import read_word_list
from transforms.captions.run_matcher import write_forms
from transforms.rejects import Counts
from transforms.resource_hints import asks_for_gpu
from transforms.stages import ANNOTATE, VOCABULARY
from transforms.storage import StoragePath
from transforms.vocabulary_folder import finish_vocabulary, read_written, write_concepts, write_embeddings

if TYPE_CHECKING:
    import apache_beam as beam

WORKERS_IMPORT = ("open_clip",)


def run(build: BuildRun) -> int:
    """Returns the number of concepts. Those that a reused run has embedded are taken over."""
    folder, settings = build.folder, build.settings
    vocabulary = read_word_list(settings.vocabulary.path)
    device = device_of(settings.encoder)
    searches_on = "cuda" if asks_for_gpu(build.engine.resource_hints(ANNOTATE.name)) else device.type
    index = chosen(settings.retrieval.index, len(vocabulary), searches_on)
    if index != settings.retrieval.index:
        build.console.print(Text.assemble(("index:", "yellow"), f" {index.kind}, for {len(vocabulary):,} concepts"))
    reused = build.reused.folder if build.reused and build.reused.vocabulary else None
    carried = carry(vocabulary, reused)
    cache = settings.vocabulary.cache
    own = folder.vocabulary / "parts"
    work = begin(StoragePath.of(cache) if cache else own, settings.encoder, carried.missing(vocabulary))
    _embed(build, work)
    write_concepts(folder, vocabulary.table)
    write_forms(folder, vocabulary.table, settings.vocabulary.path)
    width, blocks = joined(carried, work)
    blocks = silenced(blocks, vocabulary.table["lang"], settings.encoder.languages)
    write_embeddings(folder, (len(vocabulary), width), blocks)
    images = _sample(build, own) if needs_images(settings.retrieval, index) else None
    searched = searched_by(read_written(folder), images, settings.retrieval, index)
    if vocabulary.groups is not None:
        searched = replace(searched, groups=np.array(vocabulary.groups, np.int32))
    finish_vocabulary(folder, describe(settings.encoder, device), prompts_mark(vocabulary), searched)
    own.remove()
    return len(vocabulary)


def _embed(build: BuildRun, work: EmbeddingWork) -> None:
    """The parts that are not there yet."""
    missing, hints = work.missing(), build.engine.resource_hints(VOCABULARY.name)
    workers_encode = build.engine.has_workers_beside and most_workers() is None
    if len(missing) == 1 and not workers_encode:  # a job would take longer to begin than to do
        embed_part(work, missing[0], ClipEncoder(work.encoder))
    elif missing:
        from transforms.annotating.concepts.beam import EmbedConcepts

        def wire(pipeline: beam.Pipeline) -> None:
            _ = pipeline | "Embed concepts" >> EmbedConcepts(work, missing, hints)

        build.engine.run(wire, max_workers=most_workers())


def _sample(build: BuildRun, folder: StoragePath) -> NDArray[np.float32]:
    """Embeddings of some of the images."""
    from transforms.annotating.concepts.beam import SampleImages

    shards, hints = choose(build.inputs), build.engine.resource_hints(VOCABULARY.name)
    encoder, decode = build.settings.encoder, build.settings.decode

    def wire(pipeline: beam.Pipeline) -> None:
        sample = SampleImages(folder, shards, build.sources, encoder, decode, hints)
        _ = pipeline | "Sample images" >> sample

    build.engine.run(wire, max_workers=most_workers())
    return read_sample(folder, len(shards))


def stage_job(build: BuildRun) -> StageJob:
    def work() -> Counts:
        concepts = run(build)
        return Counts(concepts, concepts)

    return StageJob(work)
