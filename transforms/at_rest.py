"""Reading what lies in a run folder: JSON with its checks, and one message for every file that cannot be used.

The message says which file, what was seen of it, and which stage wrote it. It names no cause: a disk, a copy cut short
and a hand may all leave the same bytes.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from transforms.errors import EvenweaveError, RunFolderError
from transforms.stages import writer_of
from transforms.storage import StoragePath

#: Of every file of a run folder. 2: annotations carry the record and the key of the source, pages their checksums.
FORMAT_VERSION = "2"

#: Runs of these are read, to be looked into; none is gone on with. 1: Parquet carries no checksums of ours, vocabulary
#: embeddings none either, annotations hold nothing of the source, and inputs.parquet is not written.
OLDER_VERSIONS = ("1",)

RUN_JSON = "run.json"

T = TypeVar("T")


def damaged(path: StoragePath, seen: str) -> RunFolderError:
    """The error for a file that cannot be used; ``seen`` goes on after its name: "is empty"."""
    seen = seen.rstrip(".")  # of a library's own message
    root = _run_of(path)
    if root is None:
        return RunFolderError(f"{path} {seen}. Run the job that wrote it again, into a new output folder.")
    if path.name == RUN_JSON:
        return RunFolderError(
            f"{path} {seen}. Without it nothing says what the folder holds: put a copy of it back, "
            "or run every stage again, into a new output folder."
        )
    stage = writer_of(path.relative_to(root))
    repeat = f"Stage {stage} wrote it, and is to be repeated" if stage else "Repeat the stage that wrote it"
    return RunFolderError(f"{path} {seen}. {repeat}; evenweave verify {root} looks through the whole run.")


@contextlib.contextmanager
def parsing(path: StoragePath) -> Iterator[None]:
    """Names the file of a value that cannot be parsed: a ValueError, or a key that is not there, is raised as
    RunFolderError."""
    try:
        yield
    except ValidationError as error:
        first, more = error.errors()[0], error.error_count() - 1
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        others = f", and {more} more" if more else ""
        raise damaged(path, f"is not of the shape it should have ({where}: {first['msg']}{others})") from error
    except ValueError as error:
        raise damaged(path, f"is not of the shape it should have ({error})") from error
    except KeyError as error:
        raise damaged(path, f"is not of the shape it should have (no {error})") from error


def read_data(path: StoragePath) -> bytes:
    """The bytes of a file that ought to be there."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise damaged(path, "is missing") from error
    except OSError as error:
        raise damaged(path, f"cannot be read: {error}") from error


def read_json(path: StoragePath) -> dict[str, Any]:
    """A JSON object; raises RunFolderError for anything else."""
    data = read_data(path)
    if not data:
        raise damaged(path, "is empty")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"is not JSON ({len(data)} bytes: {error})") from error
    if not isinstance(values, dict):
        raise damaged(path, f"holds {type(values).__name__} in place of a JSON object")
    return values


def read_versioned_json(path: StoragePath, fingerprint: str | None, older_too: bool = False) -> dict[str, Any]:
    """A JSON object of this format version (``older_too``: or of that of its run) and, unless None, of the settings
    with this fingerprint."""
    values = read_json(path)
    check_origin(path, values.get("format_version"), values.get("fingerprint"), fingerprint, older_too)
    return values


def check_origin(
    path: StoragePath, version: object, made_with: object, fingerprint: str | None, older_too: bool = False
) -> None:
    """Raises RunFolderError for a file of another format version, or (unless None) of other settings.

    ``older_too`` lets those of an older version pass that lie in a run of the same version.
    """
    if version != FORMAT_VERSION and not (older_too and version in OLDER_VERSIONS and version == version_of_run(path)):
        looked_at = " A whole run of it can still be looked into, by report, verify and the like, not gone on with."
        raise RunFolderError(
            f"{path} has format version {version}, this code reads version {FORMAT_VERSION}."
            f"{looked_at if version in OLDER_VERSIONS else ''} Run the job again into a new folder."
        )
    check_fingerprint(path, made_with, fingerprint)


def version_of_run(path: StoragePath) -> object:
    """The format version of the run that a file lies in, by its run.json; None where it lies in none."""
    root = _run_of(path)
    return None if root is None else read_json(root / RUN_JSON).get("format_version")


def check_fingerprint(path: StoragePath, made_with: object, fingerprint: str | None) -> None:
    """Raises RunFolderError for a file of other settings than those with ``fingerprint`` (None: any)."""
    if fingerprint is not None and made_with != fingerprint:
        raise RunFolderError(
            f"{path} was made with settings {made_with}, this run has {fingerprint}. "
            "Choose a new output folder, or go back to the settings that made this one."
        )


def shaped(path: StoragePath, values: object, schema: type[T]) -> T:
    """``values``, read from ``path``, as ``schema``: a dataclass, a pydantic model or a plain type."""
    kind: Any = schema
    with parsing(path):
        found: T = _adapter(kind).validate_python(values)
    return found


@functools.cache
def _adapter(schema: Any) -> TypeAdapter[Any]:
    return TypeAdapter(schema)


def _run_of(path: StoragePath) -> StoragePath | None:
    """The run folder that a file lies in: the nearest one above it with a run.json."""
    if path.name == RUN_JSON:
        return path.parent
    folder = path.parent
    with contextlib.suppress(EvenweaveError, OSError):  # another error is being told already
        while folder != folder.parent:
            if (folder / RUN_JSON).is_file():
                return folder
            folder = folder.parent
    return None
