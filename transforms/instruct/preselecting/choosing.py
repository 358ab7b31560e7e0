"""The mixture's own draw, made ahead and larger by a margin.

The rows of least keyed numbers win in each stratum, by the numbers of the mixture itself. So of rows that stay as they
are, whoever it draws is among them: a draw of fewer rows is the beginning of one of more. Languages are left out of the
targets where rows are translated later, since theirs are not what they will be.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np

from transforms.at_rest import FORMAT_VERSION, parsing, read_versioned_json
from transforms.datasets import ShardName
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.chain.part_files import done_before, write_outcome
from transforms.instruct.mixing import draw
from transforms.instruct.mixing.about import Cell, PartReader
from transforms.instruct.mixing.constraints import problem_of
from transforms.instruct.mixing.draw import Windows
from transforms.instruct.mixing.quotas import Quotas, Stratum
from transforms.instruct.mixing.settings import MixSettings
from transforms.rejects import Counts, Reason, Reject
from transforms.stages import PRESELECT
from transforms.storage import StoragePath


def settings_ahead(settings: MixSettings, is_translated: bool) -> MixSettings:
    """Without what is not known yet: ratings, and languages of rows that are translated."""
    update: dict[str, object] = {"weigh": {}} | ({"language": None} if is_translated else {})
    return settings.model_copy(update=update)


def frozen_targets(cells: Mapping[Cell, tuple[int, int]], settings: MixSettings) -> dict[str, dict[str, float]]:
    """Of each axis with a temperature, the shares that it means for all rows there are: of those that are left, it
    would make them more even once more."""
    problem = problem_of(cells, settings)
    found: dict[str, dict[str, float]] = {}
    for one in problem.conditions:
        target = settings.targets()[one.axis]
        if target.temperature is not None and one.sense == "share":
            found.setdefault(one.axis, {})[one.value] = one.share
    return found


def with_targets(settings: MixSettings, targets: Mapping[str, Mapping[str, float]]) -> MixSettings:
    """``settings`` with the shares that were frozen in place of temperatures."""
    return settings.model_copy(
        update={axis: getattr(settings, axis).model_copy(update=_as_shares(shares)) for axis, shares in targets.items()}
    )


def _as_shares(shares: Mapping[str, float]) -> dict[str, object]:
    return {"temperature": None, "shares": dict(shares), "floor": 0.0, "cap": 1.0, "floors": {}, "caps": {}}


def targets_path(folder: InstructFolder) -> StoragePath:
    return folder.root / PRESELECT.writes[1] / "targets.json"


def write_targets(folder: InstructFolder, targets: Mapping[str, Mapping[str, float]]) -> None:
    values = {
        "format_version": FORMAT_VERSION,
        "fingerprint": folder.fingerprints[PRESELECT.name],
        "targets": targets,
    }
    targets_path(folder).write_text(json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_targets(folder: InstructFolder) -> dict[str, dict[str, float]]:
    """Raises RunFolderError where there are none, or they are damaged or of other settings."""
    path = targets_path(folder)
    with parsing(path):
        found: dict[str, dict[str, float]] = read_versioned_json(path, folder.fingerprints[PRESELECT.name])["targets"]
    return found


def widened(quotas: Quotas, rows: Mapping[Stratum, int], margin: float) -> Windows:
    """``quotas`` times ``margin``, of each row once at most."""
    copies = {one: min(rows[one], math.ceil(count * margin)) for one, count in quotas.copies.items()}
    return Windows.of(Quotas(copies, quotas.expected), rows)


def choose(name: ShardName, reader: PartReader, windows: Windows, cuts: Mapping[Stratum, float]) -> Counts:
    """Rejects the rows of a part that are beyond what the mixture can draw; those of licences that are not allowed
    go too, those of other splits stay."""
    folder = reader.folder
    counts = done_before(folder, PRESELECT.name, name)
    if counts is not None:
        return counts
    part = reader.read(name)
    copies, _ = draw.copies_of(part, reader.seed, windows, cuts)
    keys = part.keys.to_pylist()
    detail = "beyond what the mixture draws, with its margin"
    rejects = [Reject(keys[at], Reason.NOT_PRESELECTED, detail) for at in np.flatnonzero(copies == 0).tolist()]
    return write_outcome(folder, PRESELECT.name, name, keys, Outcome(rejects=rejects))
