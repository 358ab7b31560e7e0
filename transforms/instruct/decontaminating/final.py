"""The published rows once more against the benchmarks, so that the certificate describes what is handed on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from transforms.errors import RunFolderError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.decontaminating.certificate import Tally, told, write_certificate
from transforms.instruct.decontaminating.files import open_index
from transforms.instruct.decontaminating.judging import Judge
from transforms.instruct.decontaminating.settings import DecontaminateSettings
from transforms.instruct.rows import Row
from transforms.stages import DECONTAMINATE

#: One finding of a published row: tier, benchmark, question.
Found = tuple[str, str, str]


def scan_rows(folder: InstructFolder, settings: DecontaminateSettings, rows: Sequence[Row]) -> list[Found]:
    """What a batch of published rows (one file of them, say) still shares with the benchmarks. Their media are read
    from where they are published: by ``uri`` and ``offset``, or as ``data``. To be called by workers, a file each."""
    index = open_index(folder, settings)
    return [told(finding, index) for finding in Judge(index, settings)(rows)]


def certify_published(
    folder: InstructFolder, settings: DecontaminateSettings, rows: int, found: Iterable[Found], manifest_sha256: str
) -> dict[str, Any]:
    """Writes into the certificate how many ``rows`` are published and what is found in them; ``manifest_sha256`` says
    of which files. Raises RunFolderError where the stage has left no certificate.

    Rows that a tier was to drop are ``left``: none, unless a later stage has written what a benchmark asks.
    """
    path = folder.contamination_certificate
    if not path.is_file():
        raise RunFolderError(f"{path} is missing: run {DECONTAMINATE.name} again, it writes it.")
    values: dict[str, Any] = json.loads(path.read_text())
    tiers = Tally.of(found).as_dict(settings)
    left = sum(one["rows"] for one in tiers.values() if one["action"] == "drop")
    values["final"] = {"rows": rows, "manifest_sha256": manifest_sha256, "tiers": tiers, "left": left}
    write_certificate(path, values)
    final: dict[str, Any] = values["final"]
    return final
