"""A mixture of few rows that show all that rows can, published in this process."""

from __future__ import annotations

import json
import pathlib
import tarfile
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from tests.transforms.instruct.mixing.small_mix import SmallMix, small_mix, text_row
from tests.transforms.instruct.small_sets import picture, write_tar
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Message, Text
from transforms.datasets import ShardName
from transforms.images.hashing import content_hash
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.chain.outcome import Fact
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.publishing.beam import Publish
from transforms.instruct.publishing.block import Publication
from transforms.instruct.publishing.finishing import About
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.rows import Medium, Region, Row
from transforms.instruct.settings import InstructSource

SIZE = (200, 100)
PARTS = (ShardName("a", "p.0"), ShardName("b", "p"))  # a dot in a name of a file, as there are
PICTURES = [picture(SIZE, colour=colour) for colour in ("red", "green", "blue", "white")]


@dataclass(frozen=True)
class SmallPublication:
    run: SmallMix
    settings: PublishSettings

    @property
    def place(self) -> pathlib.Path:
        return pathlib.Path(self.run.folder.mixture.path)

    def samples(self, pattern: str = "*/*.tar") -> dict[str, dict[str, bytes]]:
        """Members by the name of their sample, in the order of the tars."""
        found: dict[str, dict[str, bytes]] = {}
        for path in sorted(self.place.glob(pattern)):
            with tarfile.open(path) as tar:
                for member in tar:
                    folder, _, base = member.name.rpartition("/")
                    name, _, ending = base.partition(".")
                    data = tar.extractfile(member)
                    assert data is not None
                    found.setdefault(f"{folder}/{name}", {})[ending] = data.read()
        return found

    def records(self) -> dict[str, dict[str, Any]]:
        return {name: json.loads(members["json"]) for name, members in self.samples().items()}


def medium(content: bytes, **more: Any) -> Medium:
    return Medium(
        "image",
        format="jpg",
        width=SIZE[0],
        height=SIZE[1],
        size_bytes=len(content),
        content_hash=content_hash(content),
        **more,
    )


def some_rows(folder: pathlib.Path) -> dict[ShardName, list[Row]]:
    """Media in a file, in a row and in a tar; a box, a thought, a turn that is not learnt, a cut one, tools."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "red.jpg").write_bytes(PICTURES[0])
    tar = write_tar(folder / "some.tar", {"x.jpg": PICTURES[2]})
    with tarfile.open(tar) as opened:
        offset = opened.getmember("x.jpg").offset_data
    red, green = medium(PICTURES[0], uri=str(folder / "red.jpg")), medium(PICTURES[1], data=PICTURES[1])
    blue = medium(PICTURES[2], uri=str(tar), member="x.jpg", offset=offset)
    box_text = "At [20, 10, 100, 50]."
    boxed = Row(
        "a/p.0/0", "a",
        (turn("user", Image(0), "Where?", Image(1)), turn("assistant", box_text)),
        media=(red, green), regions=(Region(1, "box", (20.0, 10.0, 100.0, 50.0), "cat", 1, 0, 3, 20),),
        language="en", licence_data="MIT", model_terms=("openai",),
    )  # fmt: skip
    boxed = replace(boxed, answers=read_answers((turn("user", "?"), turn("assistant", "[20, 10, 100, 50]")), ()))
    cut = Row(
        "a/p.0/1", "a",
        (turn("user", Image(0), "First?"), turn("assistant", "One."),
         turn("user", Image(1)), turn("assistant", "Two.")),
        media=(green, blue), language="en", licence_data="CC-BY-NC-4.0",
    )  # fmt: skip
    second = Row(
        "b/p/x.y", "b",
        (turn("user", Image(0)), Message("assistant", (Text("三。"),), reasoning="想"), turn("user", Image(1)),
         Message("assistant", (Text("No."),), train=False)),
        media=(red, blue), tools='[{"name": "look"}]', language="zh", split="validation",
    )  # fmt: skip
    texts = [text_row(f"b/p/{index}", f"answer {index}") for index in range(7)]
    return {PARTS[0]: [boxed, cut], PARTS[1]: [second, *texts]}


def published(folder: pathlib.Path, settings: PublishSettings, mix: MixSettings | None = None) -> SmallPublication:
    facts = {"a/p.0/1": Fact("a/p.0/1", cut_from=2, category="captioning"), "b/p/0": Fact("b/p/0", category="science")}
    run = small_mix(folder / "run", some_rows(folder / "media"), facts)
    run.mix(mix or MixSettings())
    return publish(run, settings)


def publish(run: SmallMix, settings: PublishSettings) -> SmallPublication:
    publication = Publication(run.folder, settings, 0)
    sources = tuple(InstructSource(name=name, path="/nowhere", license="unknown") for name in "ab")

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | Publish(publication, run.parts, About(sources, MixSettings()))

    InProcessEngine(RunnerSettings(workers=1), []).run(build)
    return SmallPublication(run, settings)
