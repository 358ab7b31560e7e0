"""The small JSON files beside weights: read with an error that names the file, written as others' tools write them."""

from __future__ import annotations

import json
from typing import Any

from model.errors import CheckpointError


def read_json(path: str) -> dict[str, Any]:
    """Raises CheckpointError for a file that is not there, is no JSON, or holds anything but an object."""
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"cannot read {path}: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} must hold a JSON object, found {type(values).__name__}")
    return values


def write_json(path: str, values: dict[str, Any]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2, ensure_ascii=False)
        file.write("\n")
