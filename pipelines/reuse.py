"""Annotations of an older run that a new one takes over, shard by shard: of the same input by the same settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.input_versions import compare, of_another_version
from transforms.annotating.changed_inputs import AnnotatedInputs
from transforms.datasets import ShardName, read_table
from transforms.errors import RunFolderError
from transforms.reading.inputs import INPUTS, inputs_table
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder, RunState, differences
from transforms.stages import VOCABULARY
from transforms.storage import StoragePath


@dataclass(frozen=True)
class Reused:
    """``vocabulary``: whether the embeddings of concepts can be taken over too. ``same_vocabulary``: whether the shards
    have the concepts that they are to have; else these are retrieved again, from the embeddings that the run kept."""

    folder: RunFolder
    shards: frozenset[ShardName]
    vocabulary: bool
    same_vocabulary: bool = True


def find_reused(
    run: str,
    identity: Mapping[str, Any],
    inputs: Sequence[InputShard],
    sources: Mapping[str, SourceSettings],
    console: Console,
) -> Reused:
    """The shards of ``inputs`` that ``run`` has annotated as a run of ``identity`` would: told by name, size and time
    of change, or where the time is another, by reading and comparing them.

    Raises RunFolderError where settings differ that all annotations depend on, or where no shard is alike.
    """
    other = RunState.read(StoragePath.of(run))
    before = other.values["identity"]
    # hubs are told by a sample of the images, which may be another in this run
    same_vocabulary = _vocabulary(before) == _vocabulary(identity) and not _retrieval(identity).get("hub_correction")
    if changed := differences(_of_all_annotations(before), _of_all_annotations(identity)):
        raise RunFolderError(f"cannot use the annotations of {run}: {', '.join(changed)} differ. Leave reuse out.")
    if not same_vocabulary:
        _check_searchable(other, identity)
    alike = _sources_alike(before, identity)
    products = AnnotatedInputs(other.folder, [shard for shard in inputs if shard.source in alike], sources)
    there = products.made()
    known = INPUTS.empty_table()
    if other.folder.inputs.is_file():
        known = read_table(other.folder.inputs, other.folder.fingerprint)
    different = compare(products, of_another_version(known, inputs_table(there), there), console)
    names = frozenset(_name(shard) for shard in there) - frozenset(_name(shard) for shard in different)
    if not names:
        raise RunFolderError(
            f"cannot reuse the annotations of {run}: of these {len(inputs):,} shards it holds none of the same name, "
            "content and settings of its source. Leave reuse out."
        )
    line = f" {len(names):,} of {len(inputs):,} shards are taken over from {run}"
    console.print(Text.assemble(("reuse:", "yellow"), line), soft_wrap=True)
    if not same_vocabulary:
        console.print(
            Text.assemble(("reuse:", "yellow"), " another vocabulary: its concepts are retrieved from embeddings")
        )
    return Reused(other.folder, names, other.is_done(VOCABULARY.name), same_vocabulary)


def _check_searchable(other: RunState, identity: Mapping[str, Any]) -> None:
    """Raises RunFolderError where the concepts of another vocabulary cannot be told from what ``other`` kept."""
    about = f"cannot use the annotations of {other.folder.root}: its concepts are others (inputs.vocabulary differ)"
    if not (_retrieval(other.values["identity"]).get("keep_embedding") and other.is_done(VOCABULARY.name)):
        raise RunFolderError(
            f"{about}, and no embeddings were kept to search again (retrieval.keep_embedding). Leave reuse out."
        )
    if _retrieval(identity).get("assign"):
        raise RunFolderError(f"{about}, and with retrieval.assign captions are to be matched again. Leave reuse out.")


def _name(shard: InputShard) -> ShardName:
    return ShardName(shard.source, shard.name)


def _of_all_annotations(identity: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a run's identity that its annotations depend on, whichever shard they are of."""
    settings = {name: identity["settings"].get(name) for name in ("decode", "encoder", "retrieval", "limit")}
    return {"settings": settings, "inputs": {"encoder": identity["inputs"]["encoder"]}}


def _vocabulary(identity: Mapping[str, Any]) -> Any:
    return identity["inputs"][VOCABULARY.name]


def _retrieval(identity: Mapping[str, Any]) -> Mapping[str, Any]:
    found = identity["settings"].get("retrieval")
    return found if isinstance(found, Mapping) else {}


def _sources_alike(before: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    """Names of the sources that have the same settings, and bring the same embeddings along, in both."""

    def all_of(identity: Mapping[str, Any]) -> dict[str, Any]:
        imported = identity["inputs"].get("embeddings", {})
        return {source["name"]: (source, imported.get(source["name"])) for source in identity["settings"]["sources"]}

    known = all_of(before)
    return {name for name, source in all_of(now).items() if known.get(name) == source}
