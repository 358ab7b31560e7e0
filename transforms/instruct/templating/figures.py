"""Where the stage leaves what it wrote, what it left, and how varied questions are before and after."""

from __future__ import annotations

from transforms.instruct.chain.folder import InstructFolder
from transforms.stages import TEMPLATES
from transforms.storage import StoragePath


def figures_path(folder: InstructFolder) -> StoragePath:
    return folder.root / TEMPLATES.writes[1] / "diversity.json"
