"""``captions/``: each file read to its last page, of the images that are chosen, and together as their account says."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

from transforms.browsing.rows import selected_keys
from transforms.captioning.files import KEYS_DIGEST, Account, CaptionFolder, keys_digest, read_account
from transforms.datasets import ShardName, read_metadata
from transforms.errors import RunFolderError
from transforms.rejects import Counts
from transforms.run_folder import RunState
from transforms.stages import BALANCE
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.listing import sizes_below
from transforms.verifying.tables import Read, read_whole

CAPTION = "caption"  # the command that writes them

Mapped = Callable[[Callable[[ShardName], Counts | Finding], Iterable[ShardName]], Iterator[Counts | Finding]]


def check_captions(state: RunState, names: Sequence[ShardName] | None, mapped: Mapped) -> Iterator[Finding]:
    """Nothing of captions that were not asked for to the end: without their account they are no part of the run."""
    folder = CaptionFolder.of(state.folder)
    try:
        account = read_account(folder)
    except RunFolderError as error:
        yield Finding(folder.account, seen(folder.account, error), None, (folder.account,), CAPTION)
        return
    if account is None or names is None:
        return
    total, all_are_known = Counts(), True
    for found in mapped(functools.partial(_look, state, folder, account), names):
        if isinstance(found, Finding):
            all_are_known = False
            yield found
        else:
            total += found
    if all_are_known and total != account.counts:
        told = f"counts {account.counts}, its files hold {total}"
        yield Finding(folder.account, told, None, (folder.account,), CAPTION)
    yield from _of_no_shard(folder, set(names))


def seen(path: StoragePath, error: RunFolderError) -> str:
    """What an error says of a file, without its name and what to do."""
    return str(error).removeprefix(f"{path} ").partition(". ")[0]


def _look(state: RunState, folder: CaptionFolder, account: Account, name: ShardName) -> Counts | Finding:
    """Of one shard: its counts, or what is wrong."""
    kept, rejects = folder.kept(name), folder.rejects(name)
    path = kept
    try:
        read = read_whole(kept, account.fingerprint)
        path = rejects
        beside = read_whole(rejects, account.fingerprint) if rejects.is_file() else None
        digest = read_metadata(kept, account.fingerprint).get(KEYS_DIGEST)
    except RunFolderError as error:
        return Finding(path, seen(path, error), None, (kept, rejects), CAPTION)
    path, told = _difference(read, beside, rejects)
    if not told and digest != (_digest(state, name) or digest):
        told = "holds captions of another selection"
    return Finding(path, told, None, (kept, rejects), CAPTION) if told else read.counts


def _difference(kept: Read, beside: Read | None, rejects: StoragePath) -> tuple[StoragePath, str]:
    """The file that is not as the counts say, and what it holds; no words where all is well."""
    if kept.rows != kept.counts.rows_out:
        return kept.path, f"holds {kept.rows} rows, its footer counts {kept.counts.rows_out}"
    held = dict(beside.reasons) if beside else {}
    if held != dict(kept.counts.rejects):
        return rejects, f"holds {held or 'nothing'}, {kept.path} counts {dict(kept.counts.rejects)}"
    return kept.path, ""


def _digest(state: RunState, name: ShardName) -> str | None:
    """Of the images that are chosen; None where that cannot be known, which is told of the stage that chooses."""
    if state.is_done(BALANCE.name):
        with contextlib.suppress(RunFolderError):
            return keys_digest(name, selected_keys(state.folder, name).to_pylist())
    return None


def _of_no_shard(folder: CaptionFolder, names: set[ShardName]) -> Iterator[Finding]:
    for path in sorted(sizes_below(folder.root)):
        file = StoragePath(path, folder.root.root)
        if path.endswith(".parquet") and ShardName(file.parent.name, file.stem) not in names:
            yield Finding(file, "is of a shard that is no input of this run", None, (file,), CAPTION)
