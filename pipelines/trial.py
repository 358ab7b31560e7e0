"""A trial of the whole chain: the settings of a build, changed to a few samples in a run folder of their own."""

from __future__ import annotations

from pipelines.build_settings import BuildSettings
from transforms.balancing.settings import BalanceSettings

_SELECTED_SHARE = 4  # a quarter: common concepts have to give way, and rejects may take most


def of_trial(settings: BuildSettings, samples: int, output: str | None) -> BuildSettings:
    """``limit`` is set, ``balance`` chooses no more than a quarter of that, and ``output``, unless given, is beside the
    one configured."""
    return settings.model_copy(
        update={
            "limit": samples,
            "balance": _of_size(settings.balance, max(1, samples // _SELECTED_SHARE)),
            "output": output or _beside(settings.output, f"-limit-{samples}"),
        }
    )


def _beside(output: str, ending: str) -> str:
    path, question, options = output.partition("?") if "://" in output else (output, "", "")
    return f"{path.rstrip('/')}{ending}{question}{options}"


def _of_size(balance: BalanceSettings, size: int) -> BalanceSettings:
    """Strata keep their proportions, rounded down but for the largest."""
    size = min(size, balance.size)
    strata = balance.strata
    if strata is not None:
        sizes = {name: of_all * size // balance.size for name, of_all in strata.sizes.items()}
        largest = max(strata.sizes, key=strata.sizes.__getitem__)
        sizes[largest] += size - sum(sizes.values())
        strata = strata.model_copy(update={"sizes": sizes})
    return balance.model_copy(update={"size": size, "strata": strata})
