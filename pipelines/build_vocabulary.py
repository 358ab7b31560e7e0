"""vocabulary build: sources → concepts with uids, spellings, types and provenance, in a folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from concept_vocab.concept import form_of
from concept_vocab.merging import Rules
from concept_vocab.sources.registry import SOURCES
from concept_vocab.sources.source import Counted, CountedSource, Found, Options
from concept_vocab.vocabulary import VocabularyError
from pipelines.engine.engine import Engine
from pipelines.vocabulary_build_settings import VocabularyBuildSettings
from transforms.configuration import fingerprint
from transforms.errors import ConfigError, InputError, RunFolderError
from transforms.stages import VOCABULARY
from transforms.storage import StoragePath
from transforms.vocabularies.assembly import Assembly, ByMeaning, assemble, infoboxes_by_form
from transforms.vocabularies.counting import CountingJob, is_counted, ranges_for, read_counts
from transforms.vocabularies.embedding import EmbeddingJob, Vectors
from transforms.vocabularies.files import BuiltVocabulary, is_built, read_about, write_vocabulary
from transforms.vocabularies.inputs import SourceInput, list_files, list_source
from transforms.vocabularies.joining import join
from transforms.vocabularies.settings import VocabularySource


def run(settings: VocabularyBuildSettings, engine: Engine, console: Console | None = None) -> StoragePath:
    """Build, or go on building, into ``settings.output``; at once done when it is there. Returns the folder.

    Raises RunFolderError when the folder holds a vocabulary of other settings or inputs, InputError and ConfigError for
    what cannot be read.
    """
    console = console or Console()
    folder = StoragePath.of(settings.output)
    inputs = {source.name: list_source(source) for source in settings.sources}
    block_lists = list_files(settings.block_lists, "block_lists")
    about = {"sources": [_about(source, inputs[source.name], settings) for source in settings.sources]}
    listed = [sorted(file.sha256 for file in files) for files in (*inputs.values(), block_lists)]
    encoder = _encoder_digest(settings)
    mark = fingerprint(settings.identity(), listed, *([encoder] if encoder else []))
    if is_built(folder):
        _check_same(folder, mark)
        console.print(Text(f"{folder} is built already"))
        return folder
    found = [_read(source, inputs[source.name], folder, settings, engine, console) for source in settings.sources]
    try:
        parts = _of_each_language(found, block_lists, encoder, folder, settings, engine, console)
        vocabulary = join(parts, {"fingerprint": mark, **about})
    except VocabularyError as error:
        raise InputError(f"no vocabulary can be built: {error}") from error
    write_vocabulary(folder, vocabulary)
    console.print(Text.assemble((f"{len(vocabulary):,} concepts", "bold"), f" → {folder}"))
    return folder


def _of_each_language(
    found: list[Found],
    block_lists: list[SourceInput],
    encoder: str | None,
    folder: StoragePath,
    settings: VocabularyBuildSettings,
    engine: Engine,
    console: Console,
) -> list[BuiltVocabulary]:
    """In the order of the sources; what one language leaves of the cap is for those after it."""
    built: list[BuiltVocabulary] = []
    languages = [settings.language_of(source) for source in settings.sources]
    for language in dict.fromkeys(languages):
        own = [one for one, spoken in zip(found, languages, strict=True) if spoken == language]
        rules = Rules(
            language,
            settings.cap - sum(map(len, built)),
            _blocked_forms(block_lists, language),
            settings.keep_closed_class,
        )
        assembly = Assembly(
            [ranked for one in own for ranked in one.ranked],
            next((one.wordnet for one in own if one.wordnet), None),
            rules,
            frozenset(settings.blocked_types),
            infoboxes_by_form(own, language),
            _by_meaning(language, folder, settings, encoder, engine, console),
        )
        built.append(assemble(assembly))
    return built


def _about(source: VocabularySource, files: list[SourceInput], settings: VocabularyBuildSettings) -> dict[str, Any]:
    """What vocabulary.json says of a source: where its concepts come from, and under which terms."""
    declared = SOURCES[source.kind]
    taken = {"cap", *declared.takes}
    return {
        "name": source.name,
        "kind": source.kind,
        "about": declared.about,
        "licence": declared.licence,
        "url": declared.url,
        "thresholds": declared.thresholds,
        "language": settings.language_of(source),
        "settings": {key: value for key, value in source.identity().items() if key in taken},
        "files": [{"name": file.name, "sha256": file.sha256, "size_bytes": file.size_bytes} for file in files],
    }


def _encoder_digest(settings: VocabularyBuildSettings) -> str | None:
    """Of the encoder that groups; None where there is none."""
    if settings.grouping is None:
        return None
    from transforms.annotating.digests import encoder_digest

    return encoder_digest(settings.grouping.encoder)


def _by_meaning(
    language: str,
    folder: StoragePath,
    settings: VocabularyBuildSettings,
    digest: str | None,
    engine: Engine,
    console: Console,
) -> ByMeaning | None:
    grouping = settings.grouping
    if grouping is None or digest is None:
        return None

    def embed(names: Sequence[str]) -> Vectors:
        job = EmbeddingJob(folder / "embeddings", language, names, grouping.encoder, digest)
        if missing := job.missing():
            hints = engine.resource_hints(VOCABULARY.name)
            from transforms.vocabularies.beam import EmbedNames

            def build(pipeline: Any) -> None:
                _ = pipeline | "Embed names" >> EmbedNames(missing, grouping.encoder, language, hints)

            engine.check_encoder(grouping.encoder)
            with engine.progress(console, VOCABULARY.name, None):  # whose machines it has
                engine.run(build)
        return job.read()

    return ByMeaning(embed, grouping.cosine)


def _check_same(folder: StoragePath, mark: str) -> None:
    if read_about(folder).get("fingerprint") != mark:
        raise RunFolderError(
            f"{folder} holds a vocabulary of other settings or inputs. Name another output, or remove that one"
        )


def _read(
    source: VocabularySource,
    files: list[SourceInput],
    folder: StoragePath,
    settings: VocabularyBuildSettings,
    engine: Engine,
    console: Console,
) -> Found:
    declared, options = SOURCES[source.kind], source.options(settings.language_of(source))
    counted: dict[str, Counted] = {}
    try:
        declared.check(options)
        if isinstance(declared, CountedSource):
            counted = _count(source, declared, files, options, folder, settings, engine, console)
        return declared.read(source.name, [file.path for file in files], options, counted)
    except VocabularyError as error:
        raise InputError(f"source {source.name}: {error}") from error


def _count(
    source: VocabularySource,
    declared: CountedSource,
    files: list[SourceInput],
    options: Options,
    folder: StoragePath,
    settings: VocabularyBuildSettings,
    engine: Engine,
    console: Console,
) -> dict[str, Counted]:
    """The source's counts, made by the engine where they are not there yet."""
    ranges = ranges_for(sum(file.size_bytes for file in files))
    job = CountingJob(source.kind, options, folder / "counts" / source.name, ranges)
    counted_of = {"fingerprint": fingerprint(dataclasses.asdict(options), [file.sha256 for file in files])}
    if not is_counted(job, counted_of):
        from transforms.vocabularies.beam import CountParts

        parts = declared.parts([file.path for file in files], settings.part_bytes)

        def build(pipeline: Any) -> None:
            _ = pipeline | "Count parts" >> CountParts(parts, job, counted_of)

        with engine.progress(console, f"count {source.name}", None):
            engine.run(build)
    return read_counts(job)


def _blocked_forms(files: list[SourceInput], language: str) -> frozenset[str]:
    found = set()
    for file in files:
        try:
            lines = file.path.read_text().splitlines()
        except UnicodeDecodeError as error:
            raise ConfigError(f"block list {file.path} is not UTF-8: {error}") from error
        found |= {form_of(line, language) for line in lines if line.strip() and not line.startswith("#")}
    return frozenset(found)
