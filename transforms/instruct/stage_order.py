"""Which stages may run, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.stages import INSTRUCT_CHAIN, Stage

_BY_NAME = {stage.name: stage for stage in INSTRUCT_CHAIN}


def check_order(names: Sequence[str]) -> None:
    """Raises ValueError for a stage that is not known or named twice, for one that has to run and does not, and for an
    order in which a stage would see too much or too little."""
    if unknown := [name for name in names if name not in _BY_NAME]:
        raise ValueError(f"no stage is called {unknown[0]!r}; there are {', '.join(_BY_NAME)}")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{twice[0]} stands there twice")
    first, *_, last = INSTRUCT_CHAIN
    missing = [stage.name for stage in INSTRUCT_CHAIN if not stage.may_be_off and stage.name not in names]
    if missing:
        raise ValueError(f"{missing[0]} cannot be left out")
    if names[0] != first.name or names[-1] != last.name:
        raise ValueError(f"{first.name} is the first stage, and {last.name} the last")
    for place, name in enumerate(names):
        _check_place(_BY_NAME[name], names[:place], names[place + 1 :])


def _check_place(stage: Stage, earlier: Sequence[str], later: Sequence[str]) -> None:
    if lacking := [name for name in stage.needs if name not in earlier]:
        raise ValueError(f"{stage.name} needs {lacking[0]} before it")
    if too_early := [name for name in stage.not_after if name in earlier]:
        raise ValueError(f"{too_early[0]} must not run before {stage.name}")
    if unseen := [name for name in stage.followed_by if name not in later]:
        raise ValueError(f"{unseen[0]} has to come after {stage.name}: what a model wrote is to pass the gates again")
    if too_late := [name for name in stage.not_before if name in later]:
        raise ValueError(f"{stage.name} must not run before {too_late[0]}")
    if stage.selects and [name for name in later if name != INSTRUCT_CHAIN[-1].name]:
        raise ValueError(f"nothing but {INSTRUCT_CHAIN[-1].name} comes after {stage.name}")
