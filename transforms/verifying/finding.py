"""What is wrong with a run folder, a thing at a time."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.stages import Stage
from transforms.storage import StoragePath


@dataclass(frozen=True)
class Finding:
    """``seen`` goes on after the file's name: "is missing".

    ``stage`` is to be repeated, None where that is not needed; first the files in ``remove`` must go, those that are
    there, since whatever is there is kept when a stage is repeated. ``again``: of what no stage writes, the
    command that does.
    """

    path: StoragePath
    seen: str
    stage: Stage | None
    remove: tuple[StoragePath, ...] = ()
    again: str = ""

    @property
    def is_mendable(self) -> bool:
        """By removing what is broken, and running the same command again."""
        return self.stage is not None or bool(self.remove or self.again)
