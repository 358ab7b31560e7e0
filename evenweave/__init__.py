"""What users import: runs, balancing, the model under its documented names, and the configurations that are shipped.

Nothing is loaded before it is asked for: ``import evenweave`` imports neither torch nor Arrow. The configurations lie
in the folder ``configs`` of this package: ``importlib.resources.files("evenweave") / "configs"``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from evenweave.siblings import ShadowedPackageError as ShadowedPackageError
from evenweave.siblings import check_siblings

if TYPE_CHECKING:
    from model import (
        LlavaOnevision1_5Config,
        LlavaOnevision1_5ForConditionalGeneration,
        LlavaOnevision1_5Model,
        LlavaOnevision1_5Processor,
        LlavaOnevisionModel1_5Model,
        RicePretrainedModel,
    )
    from transforms.balancing.in_memory import balance_table
    from transforms.balancing.settings import BalanceSettings
    from transforms.browsing.comparing import Comparison
    from transforms.browsing.run import Run, Stage, compare_runs, open_run
    from transforms.errors import EvenweaveError

    __version__: str

__all__ = [
    "BalanceSettings",
    "Comparison",
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
    "balance_table",
    "compare_runs",
    "open_run",
]

#: Where each name is defined. The model's parts register themselves with transformers as ``model`` is imported.
_DEFINED_IN = {
    "BalanceSettings": "transforms.balancing.settings",
    "Comparison": "transforms.browsing.comparing",
    "EvenweaveError": "transforms.errors",
    "LlavaOnevision1_5Config": "model",
    "LlavaOnevision1_5ForConditionalGeneration": "model",
    "LlavaOnevision1_5Model": "model",
    "LlavaOnevision1_5Processor": "model",
    "LlavaOnevisionModel1_5Model": "model",
    "RicePretrainedModel": "model",
    "Run": "transforms.browsing.run",
    "Stage": "transforms.browsing.run",
    "balance_table": "transforms.balancing.in_memory",
    "compare_runs": "transforms.browsing.run",
    "open_run": "transforms.browsing.run",
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
