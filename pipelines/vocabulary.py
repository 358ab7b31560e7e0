"""Job: word list → vocabulary with text embeddings."""

from __future__ import annotations

from pipelines.build_run import BuildRun
from pipelines.run_stage import StageJob
from transforms.annotating.concept_embedding import embed_vocabulary
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings, VocabularySettings
from transforms.annotating.word_lists import read_word_list
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.vocabulary_folder import copy_vocabulary, save_vocabulary


def run(
    folder: RunFolder,
    settings: VocabularySettings,
    encoder_settings: EncoderSettings,
    reused: RunFolder | None = None,
) -> int:
    """Returns the number of concepts. ``reused``: another run whose embeddings of the same list are taken over."""
    if reused is not None:
        return copy_vocabulary(reused, folder)
    vocabulary = read_word_list(settings.path)
    encoder = ClipEncoder(encoder_settings)
    embeddings = embed_vocabulary(vocabulary, encoder)
    save_vocabulary(folder, vocabulary.table, embeddings, {"model": encoder.name, "precision": encoder.precision})
    return len(vocabulary)


def stage_job(build: BuildRun) -> StageJob:
    def work() -> Counts:
        reused = build.reused.folder if build.reused and build.reused.vocabulary else None
        concepts = run(build.folder, build.settings.vocabulary, build.settings.encoder, reused)
        return Counts(concepts, concepts)

    return StageJob(work)
