"""What the settings of a stage of instruction rows have in common."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.configuration import Settings
from transforms.instruct.settings import InstructSource


class StageSection(Settings):
    """The settings of one stage. Files that they name are marked NOT_FINGERPRINTED, and count by what they hold."""

    def digests(self) -> dict[str, str]:
        """Of the files that the settings name, by the name of the setting; raises ConfigError for one that is not
        there."""
        return {}

    def named_servers(self) -> dict[str, str | None]:
        """By the name of the setting, which of the servers it names. None where it has to name one and does not."""
        return {}

    def check(self, sources: Sequence[InstructSource]) -> None:
        """Before any work; raises ConfigError, saying what to do, for settings that cannot lead anywhere."""
