"""What the commands of jobs take."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipelines.engine.settings import with_runner_file
from pipelines.packaged_configs import find_config

Config = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG",
        help="YAML of this job: a path, or one that is shipped, as build/mini.yaml, instruct/mini.yaml, pack/mini.yaml",
        callback=find_config,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="override a setting of the YAML: output=runs/b, section.key=5"),
]
AcceptChanged = Annotated[
    bool, typer.Option("--accept-changed", help="do again what was made of inputs that have changed since")
]
Output = Annotated[str | None, typer.Option("--output", help="run folder, in place of the one configured")]
Flags = Annotated[list[str] | None, typer.Argument(metavar="[-- BEAM FLAGS]", help="after --: handed to Beam")]


def as_overrides(overrides: list[str] | None, output: str | None, size: int | None = None) -> list[str]:
    """Options as overrides: as JSON, so that YAML takes ``2024`` and ``a: b`` for names."""
    named = {"output": output, "balance.size": size}
    given = [_with_runner(override) for override in overrides or []]
    return [*given, *(f"{key}={json.dumps(value)}" for key, value in named.items() if value is not None)]


def _with_runner(override: str) -> str:
    """``runner=spark`` as what that file holds, so that overrides after it can change a part of it."""
    key, _, value = override.partition("=")
    is_name = key == "runner" and value[:1] not in ("", "{")
    return f"runner={json.dumps(with_runner_file(value))}" if is_name else override
