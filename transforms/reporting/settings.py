"""The settings of a run as a report needs them, read back from run.json."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from transforms.balancing.settings import BalanceSettings
from transforms.errors import RunFolderError
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunState


class ReportedSettings(BaseModel):
    """Those sections of a build's configuration that a report speaks of; the others are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    balance: BalanceSettings
    sources: tuple[SourceSettings, ...]
    files_per_shard: int

    @classmethod
    def of(cls, record: RunState) -> ReportedSettings:
        """Raises RunFolderError where run.json does not hold these settings, as that of another job does not."""
        try:
            return cls.model_validate(record.values["config"])
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
            raise RunFolderError(
                f"{record.folder.run_json} does not hold the settings of a build: {'; '.join(faults)}. "
                "A report needs the run folder that evenweave build wrote."
            ) from None
