from __future__ import annotations

from transforms.browsing.settings import RecordedSettings
from transforms.run_folder import RunState


def test_sections_are_those_of_run_json(state: RunState) -> None:
    """What a run without them is told stands with the tests of the report."""
    settings = RecordedSettings.of(state)
    assert (settings.balance.method, settings.balance.size, settings.files_per_shard) == ("raked", 3, 1000)
    assert [source.name for source in settings.sources] == ["web", "zh"]
