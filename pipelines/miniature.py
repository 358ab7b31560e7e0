"""Draw the embedded miniature corpus: ``<folder>/shards/*.tar``, with the truth beside it in ``<folder>/truth``."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.engine import Engine
from transforms.miniature.beam import DrawMiniature
from transforms.miniature.corpus import claim_folder
from transforms.miniature.settings import MiniatureSettings
from transforms.storage import StoragePath


def run(settings: MiniatureSettings, folder: StoragePath, engine: Engine) -> None:
    """Draw the shards that are missing; at once done when none is.

    Raises RunFolderError when the folder holds a corpus of other settings.
    """
    missing = claim_folder(folder, settings)
    if not missing:
        return

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Shards to draw" >> beam.Create(missing) | DrawMiniature(folder, settings)

    engine.run(build)
