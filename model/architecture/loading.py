"""``from_pretrained`` that leaves nothing to chance: transformers draws weights that it did not find, with a warning.

A warning is easily lost among others, and a model of random weights answers like one that was trained badly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from transformers import PreTrainedModel

from model.errors import CheckpointError

_MOST_NAMED = 5


class LoadedWhole(PreTrainedModel):
    """Base of models that load with every weight, or raise."""

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: Any, *model_args: Any, output_loading_info: bool = False, **kwargs: Any
    ) -> Self | tuple[Self, dict[str, Any]]:
        """As transformers', but raises CheckpointError naming the weights that the files lack.

        Weights of another shape raise too, unless ``ignore_mismatched_sizes`` asks for new ones in their place.
        """
        model, report = super().from_pretrained(
            pretrained_model_name_or_path, *model_args, output_loading_info=True, **kwargs
        )
        if missing := sorted(report["missing_keys"]):
            raise CheckpointError(
                f"{pretrained_model_name_or_path} lacks {len(missing)} of the weights of {cls.__name__}, which would "
                f"be left random: {_named(missing)}. Load the class that the folder was saved from, or fetch it again."
            )
        return (model, report) if output_loading_info else model


def _named(names: Iterable[str]) -> str:
    every = list(names)
    rest = len(every) - _MOST_NAMED
    return ", ".join(every[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
