"""What settings ask of single concepts: target masses multiplied, by the names of concepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from transforms.balancing.sampling import Floats
from transforms.errors import ConfigError

_NAMED = 5  # concepts that a message names


def target_factors(named: Mapping[str, float], names: Sequence[str]) -> Floats:
    """(V,) of the concepts called (V,) ``names``; 1 where ``named`` says nothing. A name that several concepts have, in
    two languages say, is that of each.

    Raises ConfigError for a name that no concept has.
    """
    missing = sorted(set(named) - set(names))
    if missing:
        few = ", ".join(repr(name) for name in missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        raise ConfigError(
            f"balance.even.target names {len(missing)} of {len(named)} concepts that are not in the vocabulary: {few}. "
            "Mend the names, or add the concepts to the vocabulary."
        )
    return np.array([named.get(name, 1.0) for name in names], np.float64)
