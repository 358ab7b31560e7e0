"""Job: word list → vocabulary with text embeddings."""

from __future__ import annotations

from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings, VocabularySettings
from transforms.annotating.vocabulary import copy_vocabulary, embed_vocabulary, save_vocabulary
from transforms.annotating.word_lists import read_word_list
from transforms.run_folder import RunFolder


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
