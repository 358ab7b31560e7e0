"""A build with --limit: fewer samples, a smaller selection, a run folder and a fingerprint of its own."""

from __future__ import annotations

import pathlib

import pytest

from pipelines.build_settings import BuildSettings
from pipelines.trial import of_trial
from transforms.configuration import fingerprint, load_settings
from transforms.errors import ConfigError

MINI = pathlib.Path(__file__).parents[2] / "configs" / "build" / "mini.yaml"


def test_what_a_trial_changes() -> None:
    settings = load_settings(str(MINI), BuildSettings)
    trial = of_trial(settings, 400, None)
    assert (trial.limit, trial.balance.size, trial.output) == (400, 100, "runs/mini-limit-400")
    assert of_trial(settings, 400, "elsewhere").output == "elsewhere"
    remote = settings.model_copy(update={"output": "s3://bucket/a/?region=eu-west-1"})
    assert of_trial(remote, 9, None).output == "s3://bucket/a-limit-9?region=eu-west-1"
    assert of_trial(settings, 1_000_000, None).balance.size == settings.balance.size
    assert len({fingerprint(one.identity()) for one in (settings, trial, of_trial(settings, 404, None))}) == 3
    assert "limit" not in settings.identity()  # runs that were begun before there was one go on


def test_strata_keep_their_proportions() -> None:
    sizes = "balance.strata={by: lang, sizes: {en: 4000, zh: 1999, und: 1}}"
    balance = of_trial(load_settings(str(MINI), BuildSettings, [sizes]), 403, None).balance
    assert balance.strata is not None
    assert balance.strata.sizes == {"en": 67, "zh": 33, "und": 0} and balance.size == 100


def test_shards_read_in_part_are_not_reused() -> None:
    with pytest.raises(ConfigError, match="limit reads parts of shards, reuse takes over whole ones"):
        load_settings(str(MINI), BuildSettings, ["limit=5", "reuse=runs/other"])
