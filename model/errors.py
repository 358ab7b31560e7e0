"""Errors of the model that a user can act on: each message says what was wrong, where, and what to do.

They are ValueErrors too, so that code written for transformers' own models catches them as well.
"""

from __future__ import annotations

from transforms.errors import EvenweaveError


class ModelError(EvenweaveError, ValueError):
    """Base of the errors of this package."""


class ModelConfigError(ModelError):
    """A model configuration that describes no model of this architecture."""


class CheckpointError(ModelError):
    """A folder of weights that cannot be read, does not fit the model, or cannot be written."""


class BatchError(ModelError):
    """A batch whose parts disagree: image tokens and features, documents and positions, masks and caches."""


class TrainingError(ModelError):
    """Training that cannot begin, go on, or be saved as its settings ask."""
