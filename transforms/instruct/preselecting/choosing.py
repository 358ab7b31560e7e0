"""The mixture's own draw, made ahead and larger by a margin.

The rows of least keyed numbers win in each stratum, by the numbers of the mixture itself. So of rows that stay as they
are, whoever it draws is among them: a draw of fewer rows is the beginning of one of more. Languages are left out of the
targets where rows are translated later, since theirs are not what they will be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from transforms.datasets import ShardName
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.chain.part_files import done_before, write_outcome
from transforms.instruct.mixing import draw
from transforms.instruct.mixing.about import PartReader
from transforms.instruct.mixing.draw import Windows
from transforms.instruct.mixing.quotas import Quotas, Stratum
from transforms.instruct.mixing.settings import MixSettings
from transforms.rejects import Counts, Reason, Reject
from transforms.stages import PRESELECT


def settings_ahead(settings: MixSettings, is_translated: bool) -> MixSettings:
    """What can be known before the models: rows, as texts are yet to have their tokens."""
    return settings.model_copy(update={"unit": "samples"} | ({"language": None} if is_translated else {}))


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
