"""Settings of the stage."""

from __future__ import annotations

from collections.abc import Sequence

import xxhash
from pydantic import Field, field_validator, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings, fingerprint
from transforms.datasets import read_metadata
from transforms.errors import ConfigError
from transforms.instruct.adapters.registry import ADAPTERS
from transforms.instruct.decontaminating.tiers import Action, Tier
from transforms.instruct.section import StageSection
from transforms.instruct.settings import AUTO, InstructSource
from transforms.storage import StoragePath, StoredFile, absolute, find_files

#: What files of fingerprints that are handed on carry as theirs: they belong to no run.
HANDED_ON = "benchmark"
_READ_WHOLE_BYTES = 64 << 20  # files of more are told by their names and sizes, as the sources are


class Benchmark(Settings):
    """One benchmark: its files, or fingerprints that were made of them."""

    name: str = Field(..., pattern=r"^[A-Za-z0-9_.-]+$", description="what the certificate and the rejects call it")
    path: str | None = Field(
        None,
        description="file, folder or glob pattern: JSON, JSON Lines, Parquet, tars",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    fingerprint: str | None = Field(
        None,
        description="in place of path: a file that evenweave instruct fingerprint wrote, which holds hashes alone",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    images: str | None = Field(
        None,
        description="the folder that images are named from; null: that of the records",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    id: str = Field("question_id", description="field of a question's id; a record without it goes by its place")
    question: str | list[str] = Field(
        "question", description="field of the question, or several, of which each is a question of its own"
    )
    image: str | list[str] = Field(
        "image", description="field of the image, or several: a name, bytes, base64, or a list of them"
    )
    adapter: str | None = Field(
        None, description="read by an adapter of instruction sets in place of fields: its name, or auto"
    )
    match_names: bool = Field(
        False,
        description="an image of the same name is the same image, as with COCO's numbers, where files are missing",
    )

    @field_validator("path", "fingerprint", "images")
    @classmethod
    def _whole(cls, path: str | None) -> str | None:
        return absolute(path) if path else None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Benchmark:
        if (self.path is None) == (self.fingerprint is None):
            raise ValueError(f"benchmark {self.name} needs either path or fingerprint")
        if self.adapter is not None and self.adapter != AUTO and self.adapter not in ADAPTERS:
            raise ValueError(f"no adapter {self.adapter!r}; there are {', '.join(ADAPTERS)}, and {AUTO}")
        return self

    @property
    def source(self) -> InstructSource:
        """As what it is read."""
        return InstructSource(name="benchmark", path=str(self.path), media=self.images)


class Fingerprinting(Settings):
    """What a fingerprint is made by; two are compared only where this is the same."""

    ngram_words: int = Field(
        13, ge=4, description="words of an n-gram; 13 as in GPT-3 (https://arxiv.org/abs/2005.14165, appendix C)"
    )
    ngram_characters: int = Field(20, ge=6, description="of texts that are mostly Chinese: characters of an n-gram")


class DecontaminateSettings(StageSection):
    """Rows that a benchmark asks too, and a certificate of what is left."""

    benchmarks: list[Benchmark] = Field([], description="the benchmarks that rows are compared with")
    same_image_and_question: Action = Field(
        "drop", description="of a row with a benchmark's image and a question about it: drop, mark, count or off"
    )
    same_image: Action = Field("drop", description="of a row with a benchmark's image, whatever it asks")
    long_text: Action = Field("drop", description="of a row with most n-grams of a benchmark's question")
    question_only: Action = Field(
        "count", description="of a row with a question of a benchmark and no evidence of its image: many ask the same"
    )
    text: Fingerprinting = Field(default_factory=Fingerprinting, description="how texts are cut into n-grams")
    least_text_share: float = Field(
        0.6, gt=0, le=1, description="of a question's n-grams that a row must hold; below, it shares a template"
    )
    most_questions: int = Field(
        3, ge=1, description="of a benchmark that may share an n-gram; in more it is a template, and says nothing"
    )
    max_hash_distance: int = Field(
        6, ge=0, le=7, description="bits of 64 by which perceptual hashes may differ, to be looked at closer"
    )
    max_asked_hash_distance: int = Field(
        20, ge=0, le=32, description="the same for a row that asks what the benchmark asks: banners change hashes much"
    )
    max_difference: float = Field(
        25,
        gt=0,
        description="grey levels that any place may differ by in the same picture: a JPEG of quality 20 differs by 23, "
        "a gauge or a receipt of another figure by 26 and more",
    )
    max_fine_distance: int = Field(
        64, ge=0, le=512, description="bits of 1,024 that may differ, where a fingerprint holds no pixels to compare"
    )
    canaries: int = Field(
        30, ge=1, description="planted questions a cell of the certificate; 30 found of 30: over 88 %"
    )
    translated_by: str | None = Field(
        None,
        description="which of servers translates canaries, with the prompt of translate, when the mixture is "
        "published; null: none are translated",
        json_schema_extra=NOT_FINGERPRINTED,  # rows do not depend on it
    )
    least_recall: float = Field(0.9, gt=0, le=1, description="share of a cell's canaries below which the cell fails")
    most_false: float = Field(0.05, ge=0, lt=1, description="share of look-alikes found above which a kind fails")

    @field_validator("benchmarks")
    @classmethod
    def _differ(cls, benchmarks: list[Benchmark]) -> list[Benchmark]:
        names = [one.name for one in benchmarks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two benchmarks are called {twice[0]!r}; names must differ")
        return benchmarks

    def action(self, tier: Tier) -> Action:
        found: Action = getattr(self, tier.value)
        return found

    def named_servers(self) -> dict[str, str | None]:
        return {} if self.translated_by is None else {"translated_by": self.translated_by}

    def digests(self) -> dict[str, str]:
        found = {}
        for one in self.benchmarks:
            files = find_files(str(one.path or one.fingerprint))
            if not files:
                raise ConfigError(f"benchmark {one.name}: nothing at {one.path or one.fingerprint}. Mend the path.")
            found[f"benchmarks.{one.name}"] = fingerprint([_digest(file) for file in files])
        return found

    def check(self, sources: Sequence[InstructSource]) -> None:  # noqa: ARG002 - whatever they are
        self.digests()
        for one in self.benchmarks:
            if one.fingerprint is None:
                continue
            made_with = read_metadata(StoragePath.of(one.fingerprint), HANDED_ON).get("text")
            if made_with != self.text.model_dump_json():
                raise ConfigError(
                    f"benchmark {one.name}: {one.fingerprint} was made with text {made_with}, and decontaminate.text "
                    f"is {self.text.model_dump_json()}. Set both alike, or make the fingerprint again."
                )


def _digest(file: StoredFile) -> tuple[str, int | str]:
    if file.size_bytes > _READ_WHOLE_BYTES:
        return file.path.name, file.size_bytes
    return file.path.name, xxhash.xxh3_128_hexdigest(file.path.read_bytes())
