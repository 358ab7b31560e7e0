"""Settings of the stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, model_validator

from transforms.configuration import FINGERPRINTED_IF_SET, NOT_FINGERPRINTED, Settings
from transforms.errors import ConfigError, InputError
from transforms.instruct.mixing.concept_settings import ConceptTarget
from transforms.instruct.mixing.weighing import Weigh
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource
from transforms.packing.documents.chat import ChatTokenizer

#: What shares are shares of. loss_tokens: those that an answer adds to the loss, the end of its turn among them.
Unit = Literal["samples", "images", "tokens", "loss_tokens"]
#: What rows are told apart by.
Axis = Literal["category", "language", "source"]
AXES: tuple[Axis, ...] = get_args(Axis)

#: How far shares may be from one together: what is lost by writing 1/3 with four digits.
_SUM_TOLERANCE = 1e-3

#: Shipped with the project: a folder of the checkout, and of a wheel beside the package evenweave.
_TOKENIZER = str(Path(__file__).parents[3] / "evenweave" / "configs" / "tokenizer" / "tiny")


class AxisTarget(Settings):
    """What is asked of one axis. Without shares and temperature, floors and caps alone bound what comes out."""

    shares: dict[str, float] | None = Field(
        None, description="of each value, together 1; rows of a value that is not named are left out"
    )
    temperature: float | None = Field(
        None,
        gt=0,
        description="in place of shares: in proportion to what there is, to the power 1/temperature; 1: as it is, "
        "above: more even; a value with too few rows gives all of them",
    )
    floor: float = Field(0.0, ge=0, le=1, description="the least share of any value that has rows")
    cap: float = Field(1.0, gt=0, le=1, description="the largest share of any value")
    floors: dict[str, float] = Field({}, description="the least share of one value, in place of floor")
    caps: dict[str, float] = Field({}, description="the largest share of one value, in place of cap")

    @model_validator(mode="after")
    def _is_possible(self) -> AxisTarget:
        for name in ("shares", "floors", "caps"):
            for value, share in (getattr(self, name) or {}).items():
                if not 0 <= share <= 1:
                    raise ValueError(f"{name}.{value} is {share:g}; a share lies between 0 and 1")
        if self.shares is not None:
            if self.temperature is not None:
                raise ValueError("shares and temperature are two ways to say the same; leave one out")
            if abs(sum(self.shares.values()) - 1) > _SUM_TOLERANCE:
                raise ValueError(f"shares add up to {sum(self.shares.values()):g}, not to 1")
        if sum(self.floors.values()) > 1 + _SUM_TOLERANCE:
            raise ValueError(f"floors add up to {sum(self.floors.values()):g}, more than 1")
        for value in {**(self.shares or {}), **self.floors, **self.caps}:
            least, most = self.bounds(value)
            share = (self.shares or {}).get(value, least)
            if not least <= share <= most:
                raise ValueError(f"{value}: a share of {share:g} does not lie between floor {least:g} and cap {most:g}")
        return self

    def bounds(self, value: str) -> tuple[float, float]:
        """The least and the largest share of ``value``."""
        return self.floors.get(value, self.floor), self.caps.get(value, self.cap)

    def named(self) -> Iterator[str]:
        """Values that are asked for by name."""
        yield from (value for value, share in {**(self.shares or {}), **self.floors}.items() if share > 0)


class MixSettings(StageSection):
    """Exactly so many rows, in the shares that are asked for."""

    size: int | None = Field(
        None,
        ge=1,
        description="rows of the split train, copies counted; null: all, or as many as the targets allow",
    )
    unit: Unit = Field("samples", description="what shares are of: samples, images, tokens or loss_tokens")
    category: AxisTarget | None = Field(None, description="shares by what a row teaches")
    language: AxisTarget | None = Field(None, description="shares by language")
    source: AxisTarget | None = Field(None, description="shares by source")
    concepts: ConceptTarget | None = Field(
        None,
        description="rows that show rare concepts are preferred, within the shares, until concepts are even; null: off",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    weigh: dict[str, Weigh] = Field(
        {},
        description="axis of ratings → how its scores weigh: relevance, measured_image_dependence …",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    max_copies: int = Field(1, ge=1, description="how often a row may be shown, where there are too few")
    allow_licenses: list[str] | None = Field(
        None, description="licences of data that may be in it, all others are left out; null: any"
    )
    tokenizer: str | None = Field(
        None,
        description="folder or tokenizer.json that tokens are counted by; null: the tiny one of configs/tokenizer",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    def check_size(self, rows: int) -> None:
        """Raises ConfigError where ``rows``, before any was dropped, are too few for ``size``: long before mix runs."""
        if self.size is not None and rows * self.max_copies < self.size:
            raise ConfigError(
                f"mix.size asks for {self.size:,} rows, and the sources hold {rows:,} (mix.max_copies is "
                f"{self.max_copies}). Lower it, raise max_copies, or add sources."
            )

    @property
    def counts_tokens(self) -> bool:
        return self.unit in ("tokens", "loss_tokens")

    def targets(self) -> dict[Axis, AxisTarget]:
        """Of the axes of which something is asked."""
        return {axis: target for axis in AXES if (target := getattr(self, axis)) is not None}

    def digests(self) -> dict[str, str]:
        found = {} if self.concepts is None else self.concepts.digests()
        if not self.counts_tokens:
            return found
        try:
            return {**found, "tokenizer": self.chat().fingerprint}
        except InputError as error:
            raise ConfigError(f"mix.tokenizer: {error}") from None

    def chat(self) -> ChatTokenizer:
        """What tokens are counted by; raises InputError where there is none."""
        return ChatTokenizer.load(self.tokenizer or _TOKENIZER)

    def check(self, sources: Sequence[InstructSource]) -> None:
        if self.concepts is not None:
            self.concepts.check()
        if self.source is None:
            return
        known = {source.name for source in sources}
        named = {**(self.source.shares or {}), **self.source.floors, **self.source.caps}
        if unknown := sorted(named.keys() - known):
            raise ConfigError(
                f"mix.source names {unknown[0]!r}, which is none of the sources: {', '.join(sorted(known))}. "
                "Mend the name, or leave it out."
            )
