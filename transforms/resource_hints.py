"""Beam's resource hints: steps that load a model ask the runner for the machines that they need."""

from __future__ import annotations

from collections.abc import Mapping


def asks_for_gpu(resource_hints: Mapping[str, str]) -> bool:
    """Whether they put a step on a machine with a GPU."""
    return "accelerator" in resource_hints
