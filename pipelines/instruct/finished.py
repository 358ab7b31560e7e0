"""A run of instructions that is there, opened by its folder alone."""

from __future__ import annotations

from transforms.datasets import ShardName, read_table
from transforms.errors import RunFolderError
from transforms.instruct.chain.folder import InstructFolder
from transforms.run_folder import RunState, stage_fingerprints
from transforms.stages import STANDARDISE
from transforms.storage import StoragePath


def open_finished(uri: str, needed: str) -> tuple[RunState, InstructFolder]:
    """Raises RunFolderError for no run of ``evenweave instruct``, and for one of which ``needed``, a stage, is not done
    yet."""
    state = RunState.read(StoragePath.of(uri))
    chain = state.values["identity"].get("stages")
    if chain is None:
        raise RunFolderError(f"{uri} is no run of evenweave instruct: the stages of such a run stand in its run.json")
    if not state.is_done(needed):
        raise RunFolderError(f"{uri}: {needed} is not done yet. Run evenweave instruct to its end first.")
    prints = stage_fingerprints(state.values["identity"])
    return state, InstructFolder(state.folder.root, state.folder.fingerprint, tuple(chain), prints)


def part_names(folder: InstructFolder) -> list[ShardName]:
    """Of the inputs, as they were listed."""
    table = read_table(folder.inputs, folder.fingerprints[STANDARDISE.name], ["source", "shard"])
    return [ShardName(*row) for row in zip(*(table[name].to_pylist() for name in table.column_names), strict=True)]
