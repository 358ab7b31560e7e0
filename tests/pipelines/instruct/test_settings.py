"""The shipped configurations are sound, and each stage is told by its own part of a configuration."""

from __future__ import annotations

import pathlib

import pytest

from pipelines.instruct.settings import InstructSettings
from transforms.configuration import load_settings
from transforms.errors import ConfigError
from transforms.run_folder import stage_fingerprints
from transforms.stages import INSTRUCT_DEFAULT

CONFIGS = pathlib.Path(__file__).parents[3] / "configs" / "instruct"
NAMES = [stage.name for stage in INSTRUCT_DEFAULT]


@pytest.mark.parametrize("name", ["mini.yaml", "22m.yaml"])
def test_what_is_shipped_can_be_read(name: str) -> None:
    settings = load_settings(str(CONFIGS / name), InstructSettings)
    assert settings.stages == NAMES
    assert set(settings.identity()) == {"seed", *NAMES}
    assert settings.decontaminate.benchmarks


def fingerprints(*overrides: str) -> dict[str, str]:
    settings = load_settings(str(CONFIGS / "mini.yaml"), InstructSettings, list(overrides))
    return stage_fingerprints({"stages": settings.stages, "settings": settings.identity(), "inputs": {}})


@pytest.mark.parametrize(
    ("override", "first"),
    [
        ("sources.0.license=MIT", "standardise"),
        ("validate.bad_answer=cut", "validate"),
        ("mix.size=7", "mix"),
        ("publish.name=other", "publish"),
        ("stages=[standardise, safety, mix, publish]", "mix"),
    ],
)
def test_a_setting_is_in_the_fingerprints_from_its_stage_on(override: str, first: str) -> None:
    before, after = fingerprints(), fingerprints(override)
    changed = [name for name in after if after[name] != before[name]]
    assert changed == list(after)[list(after).index(first) :]


@pytest.mark.parametrize("override", ["output=elsewhere", "max_reject_share=1", "runner.workers=1", "sources.0.path=a"])
def test_where_and_how_fast_is_in_none(override: str) -> None:
    assert fingerprints(override) == fingerprints()


def test_names_of_sources_differ() -> None:
    with pytest.raises(ConfigError, match="two sources are called 'lantern-instruct'"):
        load_settings(str(CONFIGS / "mini.yaml"), InstructSettings, ["sources.0.name=lantern-instruct"])
