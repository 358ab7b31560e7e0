"""What users import: the model under its documented names, a finished run, and the configurations that are shipped.

Nothing is loaded before it is asked for: ``import evenweave`` imports neither torch nor Arrow. The configurations lie
in the folder ``configs`` of this package: ``importlib.resources.files("evenweave") / "configs"``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from evenweave.siblings import ShadowedPackageError as ShadowedPackageError
from evenweave.siblings import check_siblings

if TYPE_CHECKING:
    from evenweave.runs import Run, Stage, open_run
    from model import (
        LlavaOnevision1_5Config,
        LlavaOnevision1_5ForConditionalGeneration,
        LlavaOnevision1_5Model,
        LlavaOnevision1_5Processor,
        LlavaOnevisionModel1_5Model,
        RicePretrainedModel,
    )
    from transforms.errors import EvenweaveError

    __version__: str

__all__ = [
    "EvenweaveError",
    "LlavaOnevision1_5Config",
    "LlavaOnevision1_5ForConditionalGeneration",
    "LlavaOnevision1_5Model",
    "LlavaOnevision1_5Processor",
    "LlavaOnevisionModel1_5Model",
    "RicePretrainedModel",
    "Run",
    "ShadowedPackageError",
    "Stage",
    "__version__",
    "open_run",
]

#: Where each name is defined. The model's parts register themselves with transformers as ``model`` is imported.
_DEFINED_IN = {
    "EvenweaveError": "transforms.errors",
    "LlavaOnevision1_5Config": "model",
    "LlavaOnevision1_5ForConditionalGeneration": "model",
    "LlavaOnevision1_5Model": "model",
    "LlavaOnevision1_5Processor": "model",
    "LlavaOnevisionModel1_5Model": "model",
    "RicePretrainedModel": "model",
    "Run": "evenweave.runs",
    "Stage": "evenweave.runs",
    "open_run": "evenweave.runs",
}

check_siblings()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = importlib.import_module("importlib.metadata").version("evenweave")
    elif name in _DEFINED_IN:
        value = getattr(importlib.import_module(_DEFINED_IN[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
