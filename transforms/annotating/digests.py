"""Names the encoder and the vocabulary by content, so that a run is not gone on with after either was changed.

Light: a run that is done already must be recognised without loading a model.
"""

from __future__ import annotations

import hashlib
import os

from transforms.annotating.settings import EncoderSettings, VocabularySettings
from transforms.annotating.weights_at_hand import at_hand
from transforms.configuration import fingerprint
from transforms.errors import ConfigError
from transforms.storage import StoragePath
from transforms.vocabularies.files import vocabulary_digest


def encoder_digest(settings: EncoderSettings) -> str:
    """SHA-256 (16 digits) of the encoder's files where they lie on this machine or at a URI, else its model and tag."""
    settings = at_hand(settings)
    names = [settings.model, settings.pretrained]
    local = [StoragePath.of(name) for name in names if name and os.path.exists(name)]
    if not local:
        return "/".join(name or "" for name in names)
    digest = hashlib.sha256()
    for file in (file for path in local for file in (path.walk() if path.is_dir() else [path])):
        digest.update(file.name.encode())
        with file.open_stream() as stream:
            while block := stream.read(1 << 24):
                digest.update(block)
    return digest.hexdigest()[:16]


def embeddings_digest(folder: str) -> str:
    """16 digits of SHA-256 over the names and sizes of the files of imported embeddings."""
    root = StoragePath.of(folder)
    return fingerprint([(file.path.relative_to(root), file.size_bytes) for file in root.stored_below()])


def word_list_digest(settings: VocabularySettings) -> str:
    """SHA-256 (16 digits) of the word list, or of the concepts of a built vocabulary; raises ConfigError where there is
    none, and InputError for a folder that holds no vocabulary."""
    path = StoragePath.of(settings.path)
    if path.is_dir():
        return vocabulary_digest(path)
    if not path.is_file():
        raise ConfigError(
            f"no vocabulary at {path}: vocabulary.path must name a YAML or text word list, or the folder of a built one"
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
