"""The balancing methods, each one class, in one registry that everything else takes them from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never, get_args

from transforms.balancing.methods.even import Even
from transforms.balancing.methods.inverse_frequency import InverseFrequency
from transforms.balancing.methods.metaclip import Metaclip
from transforms.balancing.methods.raked import Raked
from transforms.balancing.methods.tempered import Tempered
from transforms.balancing.methods.uniform import Uniform
from transforms.balancing.methods.weighting import Corpus, Weighting
from transforms.balancing.sampling import Ints
from transforms.balancing.settings import BalanceSettings, Method
from transforms.balancing.weights import Ids


def method_class(name: Method) -> type[Weighting]:
    """The class of a method; one that settings name and this does not know fails the type check."""
    match name:
        case "even":
            return Even
        case "inverse_frequency":
            return InverseFrequency
        case "metaclip":
            return Metaclip
        case "raked":
            return Raked
        case "tempered":
            return Tempered
        case "uniform":
            return Uniform
        case _:
            assert_never(name)


#: Every method by its name in the settings.
METHODS: Mapping[Method, type[Weighting]] = MappingProxyType({name: method_class(name) for name in get_args(Method)})


def weighting(settings: BalanceSettings, counts: Ints, rows: int, sample: Ids) -> Weighting:
    """The method that ``settings`` name, for a corpus of ``rows`` images with (V,) ``counts``; ``sample`` (R, K) where
    it is fitted."""
    return METHODS[settings.method].fit(Corpus(settings, counts, rows, sample))
