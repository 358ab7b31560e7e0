from __future__ import annotations

import pytest

from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import Strata
from transforms.configuration import validate
from transforms.errors import ConfigError, EvenweaveError


def settings(**strata: int) -> BalanceSettings:
    return validate({"size": sum(strata.values()), "strata": {"by": "lang", "sizes": strata}}, BalanceSettings, "test")


def test_sizes_of_strata_must_add_up() -> None:
    with pytest.raises(ConfigError, match=r"add up to 5, but size is 6"):
        validate({"size": 6, "strata": {"by": "lang", "sizes": {"en": 2, "zh": 3}}}, BalanceSettings, "test")


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ConfigError, match="method"):
        validate({"size": 6, "method": "magic"}, BalanceSettings, "test")


def test_a_stratum_that_the_corpus_lacks_is_named_with_those_it_has() -> None:
    with pytest.raises(EvenweaveError, match=r"'zh'.*en \(7\), fr \(9\)"):
        Strata.of(settings(en=2, zh=3)).check({"en": 7, "fr": 9}, 1)


def test_a_size_above_the_supply_names_both_numbers() -> None:
    with pytest.raises(EvenweaveError, match=r"asks for 8 images.*holds 3 after.*at most 6"):
        Strata.of(BalanceSettings(size=8)).check({"all": 3}, 2)
    Strata.of(BalanceSettings(size=6)).check({"all": 3}, 2)


def test_rows_of_no_named_stratum_have_the_last_index() -> None:
    strata = Strata.of(settings(en=2, zh=3))
    assert [strata.index(name) for name in ("en", "zh", "fr")] == [0, 1, 2]
    assert strata.sizes == (2, 3, 0)
