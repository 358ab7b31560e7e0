"""The settings of a run as whoever looks into it needs them, read back from run.json."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from transforms.balancing.settings import BalanceSettings
from transforms.errors import RunFolderError
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunState


class RecordedSettings(BaseModel):
    """Those sections of a build's configuration that its rows are read by; the others are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    balance: BalanceSettings
    sources: tuple[SourceSettings, ...]
    files_per_shard: int

    @classmethod
    def of(cls, state: RunState) -> RecordedSettings:
        """Raises RunFolderError where run.json does not hold these settings, as that of another job does not."""
        try:
            return cls.model_validate(state.values["config"])
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
            raise RunFolderError(
                f"{state.folder.run_json} does not hold the settings of a build: {'; '.join(faults)}. "
                "What is asked for needs the run folder that evenweave build wrote."
            ) from None
