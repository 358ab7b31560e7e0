"""A group of commands that is a job too: ``instruct CONFIG`` beside ``instruct inspect``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

#: The hidden command that the group's own job is.
RUN = "run"


class ConfigOrCommand(TyperGroup):
    """``instruct CONFIG`` is ``instruct run CONFIG``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_config = args and args[0] not in self.commands and args[0] not in ctx.help_option_names
        return super().parse_args(ctx, [RUN, *args] if is_config else args)
