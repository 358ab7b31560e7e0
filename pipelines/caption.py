"""caption: images that balance chose → captions/, by a model behind a server.

After selection, so that only what is kept is paid for.
"""

from __future__ import annotations

import threading

import apache_beam as beam
from pydantic import Field
from rich.console import Console
from rich.text import Text

from pipelines.engine.choice import beside_the_cache, choose_engine
from pipelines.engine.progress import WatchedFiles
from pipelines.engine.settings import RunnerSettings
from transforms.beam import CreateMany
from transforms.browsing.corpus_images import CorpusImages
from transforms.browsing.settings import RecordedSettings
from transforms.browsing.shards import require, shard_files
from transforms.captioning.beam import WriteCaptions
from transforms.captioning.files import Account, CaptionFolder, read_account, write_account
from transforms.captioning.part import CaptionParts
from transforms.captioning.settings import CaptionSettings
from transforms.configuration import NOT_FINGERPRINTED, fingerprint
from transforms.datasets import ShardName
from transforms.instruct.asking.asker import Asked
from transforms.instruct.asking.desk import Desk, cache_folder
from transforms.rejects import Counts
from transforms.run_folder import RunState
from transforms.stages import BALANCE, EXPORT
from transforms.storage import StoragePath
from transforms.verifying.listing import folders_of


class CaptionJobSettings(CaptionSettings):
    """Everything that ``evenweave caption`` needs."""

    runner: RunnerSettings = Field(default_factory=RunnerSettings, json_schema_extra=NOT_FINGERPRINTED)


def run(run_uri: str, settings: CaptionJobSettings, console: Console) -> Counts:
    """Writes the captions that are missing, and then captions.json. What was exported before with others or none is
    removed, and has them when it is exported again. Raises RunFolderError where balance is not done, and what asking
    raises."""
    state = RunState.read(StoragePath.of(run_uri))
    require(state, BALANCE, "captions")
    settings.safety.check(())
    parts = _parts(state, settings)
    names = [name for name, _ in shard_files(state.folder.root / BALANCE.writes[0])]
    with Desk.open(settings.asking, state.folder.root) as desk:
        desk.check(settings.server)
        with _Pictures(state) as pictures, console.status(Text("asking for captions")) as status:

            def told(asked: Asked) -> None:
                status.update(Text(f"asking for captions: {asked.answered:,} answered"))

            asked = desk.ask("caption", settings.server, parts.requests(names, pictures), told)
        console.print(Text(desk.told("caption", asked)), soft_wrap=True)
    counts = _judge(state, settings, parts, names, console)
    counts.check("caption")
    before = read_account(parts.folder)
    if before is None or before.fingerprint != parts.made_with:
        _let_export_again(state, console)
    account = Account(parts.made_with, tuple(settings.languages), settings.server.by, counts)
    write_account(parts.folder, account)
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.rejects.items())
    line = f"captions: {counts.rows_in:,} asked for, {counts.rows_out:,} taken, {counts.rejected:,} not {reasons}"
    console.print(Text(line), soft_wrap=True)
    return counts


def _parts(state: RunState, settings: CaptionJobSettings) -> CaptionParts:
    own = CaptionSettings.model_validate(settings.model_dump(exclude={"runner"}))
    made_with = fingerprint("captions", state.folder.fingerprint, own.decides_bytes())
    cache = cache_folder(own.asking, state.folder.root)
    return CaptionParts(state.folder, own, own.read_prompt(), made_with, cache)


def _judge(
    state: RunState, settings: CaptionJobSettings, parts: CaptionParts, names: list[ShardName], console: Console
) -> Counts:
    folder, left = state.folder, state.folder.counts("caption")

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Shards" >> CreateMany(folder, names) | WriteCaptions(parts, left)

    engine = beside_the_cache(choose_engine(settings.runner), settings.runner)
    watched = WatchedFiles(CaptionFolder.of(folder).root / "kept", ".parquet", len(names))
    with engine.progress(console, "caption", watched):
        engine.run(build)
    counts = folder.read_stage_counts("caption")
    left.delete()
    return counts


def _let_export_again(state: RunState, console: Console) -> None:
    """Shards that were written without these captions go, and the report, which describes them."""
    if EXPORT.name not in state.values["stages"]:
        return
    for path in folders_of(state.folder, EXPORT):
        path.remove()
    state.folder.report.parent.remove()
    state.forget(EXPORT.name)
    line = " what was exported before had other captions and is removed: run evenweave export, or build, again"
    console.print(Text.assemble(("export:", "yellow"), line), soft_wrap=True)


class _Pictures:
    """The original bytes of images, one at a time: shards are read one after another."""

    def __init__(self, state: RunState) -> None:
        settings = RecordedSettings.of(state)
        self._corpus = CorpusImages(settings.sources, settings.files_per_shard)
        self._lock = threading.Lock()

    def __call__(self, source: str, shard: str, member_offset: int, member_bytes: int) -> bytes:
        with self._lock:
            return self._corpus(source, shard, member_offset, member_bytes)

    def __enter__(self) -> _Pictures:
        return self

    def __exit__(self, *_: object) -> None:
        self._corpus.close()
