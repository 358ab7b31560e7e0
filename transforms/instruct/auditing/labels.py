"""A person's labels, as the page saves them or as a table: JSON, or CSV with the columns id, label and note."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from transforms.errors import InputError
from transforms.storage import StoragePath

Label = Literal["right", "wrong", "unsure"]
LABELS: tuple[Label, ...] = get_args(Label)


def read_labels(path: StoragePath, fingerprint: str, known: Iterable[str]) -> dict[str, Label]:
    """The label of each item that has one. Raises InputError, naming the line or item, for a file that is of another
    run, holds other words, or labels an item twice or one that was not drawn."""
    if not path.is_file():
        raise InputError(f"no labels at {path}: open the page of the sheet, label, and save")
    text = path.read_bytes().decode("utf-8-sig", "replace")
    rows = _of_json(text, path, fingerprint) if text.lstrip().startswith("{") else _of_csv(text, path)
    ids = set(known)
    found: dict[str, Label] = {}
    for place, row in enumerate(rows, start=1):
        item, label = str(row.get("id", "")).strip(), str(row.get("label") or "").strip().lower()
        if not label:
            continue
        where = f"{path}, label {place} ({item[:32]!r})"
        if item not in ids:
            raise InputError(f"{where} is of no item of this sheet: labels are read beside the sheet they were made on")
        told = next((one for one in LABELS if one == label), None)
        if told is None:
            raise InputError(f"{where} is {label[:32]!r}; labels are {', '.join(LABELS)}")
        if found.setdefault(item, told) != told:
            raise InputError(f"{where} says {label}, and {found[item]} before: leave one")
    return found


def _of_json(text: str, path: StoragePath, fingerprint: str) -> Sequence[Mapping[str, Any]]:
    try:
        values = json.loads(text)
        rows = [dict(one) for one in values["labels"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is no file of labels as the page saves it: {error}") from error
    if values.get("fingerprint") != fingerprint:
        raise InputError(f"{path} was made on a sheet of {values.get('fingerprint')}, and this one is of {fingerprint}")
    return rows


def _of_csv(text: str, path: StoragePath) -> list[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text))
    if not {"id", "label"} <= set(reader.fieldnames or ()):
        raise InputError(f"{path} has the columns {', '.join(reader.fieldnames or ())[:100]}; id and label are needed")
    return list(reader)
