"""config.json and the code that reads it: together they make a folder of weights load without this package."""

from __future__ import annotations

import os
import shutil

from model.architecture.configuration import LlavaOnevision1_5Config
from model.checkpoints import remote_code
from model.checkpoints.hub_layout import REMOTE_CODE, hub_config
from model.checkpoints.json_files import write_json


def write_config(config: LlavaOnevision1_5Config, folder: str, dtype: str | None = None) -> None:
    """Write config.json, with ``dtype`` as that of the weights, and beside it the one file of code that it names."""
    write_json(os.path.join(folder, "config.json"), hub_config(config, dtype))
    shutil.copyfile(remote_code.__file__, os.path.join(folder, f"{REMOTE_CODE}.py"))
