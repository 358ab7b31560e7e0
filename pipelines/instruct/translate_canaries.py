"""Job: questions of the benchmarks in the other language, as a server translates them, and how many of them are found.

The last that is asked: rows do not depend on it, and the costs of what they depend on are known before.
"""

from __future__ import annotations

import functools
import json

import apache_beam as beam
from rich.text import Text

from pipelines.instruct.run import InstructRun
from transforms.at_rest import parsing, read_json
from transforms.configuration import fingerprint
from transforms.instruct.asking.desk import Desk, cache_folder
from transforms.instruct.asking.parts import reply_from
from transforms.instruct.decontaminating.beam import MeasureCells
from transforms.instruct.decontaminating.canaries import TRANSLATED, load_sample
from transforms.instruct.decontaminating.certificate import with_translations, write_certificate
from transforms.instruct.decontaminating.files import benchmark_parts, prints
from transforms.instruct.decontaminating.translating import Translations, as_rows
from transforms.instruct.rewording.translating import ALL, OTHER, Translating
from transforms.stages import DECONTAMINATE

_NAME = "canaries"  # of its requests, on the terminal and in batch files


def translate_canaries(run: InstructRun) -> None:
    """Adds their cells to the certificate, where ``decontaminate.translated_by`` names a server and they are not there
    by the same. Raises what asking raises."""
    settings = run.settings.decontaminate
    if settings.translated_by is None or DECONTAMINATE.name not in run.settings.stages or not benchmark_parts(settings):
        return
    server, translate = run.settings.servers[settings.translated_by], run.settings.translate
    made_with = fingerprint(server.identity(), translate.digests(), translate.length)
    path = run.folder.contamination_certificate
    with parsing(path):
        values = read_json(path)
    if (values.get("translations") or {}).get("made_with") == made_with:
        return
    sample = load_sample(prints(run.folder, settings), settings.canaries)
    stage = Translating(translate, server, run.settings.seed, dict.fromkeys(OTHER, ALL))
    with Desk.open(run.settings.asking, run.folder.root) as desk:
        asked = desk.ask(_NAME, server, stage.requests(list(as_rows(sample))))
        run.console.print(Text(desk.told(_NAME, asked)), soft_wrap=True)
    cache = cache_folder(run.settings.asking, run.folder.root)
    translated = Translations.of(stage, sample, functools.partial(reply_from, cache))
    left = path.parent / "translated_cells.json"

    def plant(pipeline: beam.Pipeline) -> None:
        _ = pipeline | MeasureCells(run.folder, settings, left, TRANSLATED, translated.texts)

    with run.engine.progress(run.console, _NAME, None):
        run.engine.run(plant)
    cells = json.loads(left.read_text())
    left.delete()
    write_certificate(path, with_translations(values, {**translated.told(), "made_with": made_with}, cells, settings))
