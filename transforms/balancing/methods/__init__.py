"""The balancing methods, each one class, in one registry that everything else takes them from."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never, get_args

from transforms.balancing.concept_ids import Ids
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.methods.even import Even
from transforms.balancing.methods.inverse_frequency import InverseFrequency
from transforms.balancing.methods.metaclip import Metaclip
from transforms.balancing.methods.raked import Raked
from transforms.balancing.methods.tempered import Tempered
from transforms.balancing.methods.uniform import Uniform
from transforms.balancing.methods.weighting import Corpus, Fitted, Weighting
from transforms.balancing.sampling import Ints
from transforms.balancing.settings import BalanceSettings, Method
from transforms.balancing.tally import CorpusTally
from transforms.balancing.target import NO_TARGET, Target


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


def _whole(name: Method) -> type[Weighting]:
    """The class of a method; raises TypeError for one that is not whole, where the type check would let it pass."""
    method = method_class(name)
    if inspect.isabstract(method) or method.name != name:
        raise TypeError(f"{method.__name__} is no balancing method {name!r}: its name or an abstract method is missing")
    return method


#: Every method by its name in the settings.
METHODS: Mapping[Method, type[Weighting]] = MappingProxyType({name: _whole(name) for name in get_args(Method)})


def fit(
    settings: BalanceSettings,
    tally: CorpusTally,
    sample: WeighedSample | None = None,
    target: Target = NO_TARGET,
) -> Fitted:
    """The method that ``settings`` name; ``sample``: that which sees rare concepts whole, for a method that asks for
    one; ``target``: what is asked of single concepts and of types."""
    images = tally.sample.images() if sample is None else sample
    counts = tally.count_before, tally.count_inside
    return METHODS[settings.method].fit(Corpus(settings, *counts, tally.rows, images, target))


def weighting(settings: BalanceSettings, counts: Ints, rows: int, sample: Ids) -> Weighting:
    """The weights of the method that ``settings`` name, for a corpus of ``rows`` images in one stratum with (V,)
    ``counts``; ``sample`` (R, K) a plain one where it is fitted."""
    return METHODS[settings.method].fit(Corpus(settings, counts, counts, rows, sample)).weights()
