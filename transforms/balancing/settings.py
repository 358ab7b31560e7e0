"""What balancing can be told, and why each default is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from transforms.configuration import FINGERPRINTED_IF_SET, Settings
from transforms.errors import ConfigError

Method = Literal["even", "inverse_frequency", "metaclip", "raked", "tempered", "uniform"]

#: The floor of a concept that is asked for where the settings leave it open: what the report calls covered.
MOST_AUTO_FLOOR = 20

#: In place of a type: all those that are not named, and concepts without one.
OTHER_TYPES = "other"

_SHARES_ADD_UP = 1e-6  # how near to one; a sum of shares as they are written is off by less


class RakingSettings(Settings):
    """The fit of ``raked``."""

    temper: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="target mass of a concept ∝ (its images)^temper; 0: the same for all; near 1: as found",
    )
    count_floor: int = Field(
        default=10,
        ge=1,
        description="concepts on fewer images are left out of the fit: so few are often retrieval's mistakes, and "
        "would be amplified most; an image of none but such weighs as the rarest that is fitted",
    )
    sample_floor: int = Field(
        default=10,
        ge=1,
        description="concepts on fewer images of the sample share one weight with their like (by octave of images): "
        "alone, their relative error would be above 1/√10",
    )
    max_iterations: int = Field(default=100, ge=1, description="a fit that has not settled by then is used as it is")
    damping: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="share of the full step; full steps overshoot, since the concepts of one image move together",
    )
    stiffness: float = Field(
        default=10.0,
        gt=0,
        description="how hard θ may pull towards the target (θ = stiffness · log(target/achieved)); above 10 little "
        "is gained where the target cannot be met, and chance leaves the selection",
    )
    max_step: float = Field(
        default=1.0, gt=0, description="most that one iteration may change a log ratio; tames the start"
    )
    tolerance: float = Field(
        default=1e-3,
        gt=0,
        description="settled when log ratios are this near their end, weighted by target mass: 0.1 %",
    )


class CapSettings(Settings):
    """The most that a source or a language may have of the selection, or a type of its concepts, as shares from 0 to
    1."""

    source: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="by the name of a source; one that is not named may have all"
    )
    lang: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="by language of the caption; one that is not named may have all"
    )
    type: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default_factory=dict,
        description="by type of concept, of all concepts that images hold; binds what is expected, which chance and "
        "floors may move; one that is not named may have all",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )


class EvenSettings(Settings):
    """What ``even`` aims at, what it guarantees, and how far its fit goes."""

    temper: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="target mass of a concept ∝ (its images)^temper; 0: the same for all; near 1: as found",
    )
    beta: float = Field(
        default=4.0,
        gt=0,
        le=1000,
        description="what evenness is worth against chance: images are chosen with probabilities ∝ exp(beta · gain); "
        "4 leaves a tenth of the choices to chance for 0.002 of entropy",
    )
    floor: Annotated[int, Field(ge=0)] | Literal["auto"] = Field(
        default="auto",
        description=f"images that every concept keeps, or all it has; auto: {MOST_AUTO_FLOOR}, which can be learnt and "
        "tested, or the most below it that size and concepts allow; 0: no guarantee; where the fit is one "
        "of a sample, kept as far as exchanges can, and told where they could not",
    )
    floor_deviations: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="standard deviations that a concept's expected images lie above its floor; where fewer are drawn, "
        "images are exchanged: at 1, for about one in six of the concepts that the floor binds; a larger value needs "
        "fewer exchanges and is less even; a fit on a sample has no such margin: passes tell what floors lack, and "
        "images are exchanged for the rest",
    )
    target: dict[str, Annotated[float, Field(gt=0, le=1e6)]] = Field(
        default_factory=dict,
        description="concepts by name that are to have more than the others, or less: their target mass times this",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    target_by_type: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default_factory=dict,
        description="target mass by type of concept, shares that add up to 1: {entity: 0.5, scene: 0.3, other: 0.2}; "
        f"{OTHER_TYPES}: all types that are not named; within a type as the other settings say; empty: types are as "
        "their concepts are",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    caps: CapSettings = Field(
        default_factory=CapSettings,
        description="most of the selection that one source or language may have, which holds for what is drawn; and "
        "most of its concepts that one type may have",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    conceptless_share: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of images without any concept in each size: nothing says that they are worth having",
    )
    max_corrections: int = Field(
        default=3,
        ge=0,
        le=10,
        description="passes over all images that correct a fit on a sample of them; none where the sample is whole; "
        "of 300,000 images with 5,000 concepts they found the entropy of a fit on a sample of 5 % to be 0.928, 0.931 "
        "and 0.933, of one of 1 % 0.896, 0.924 and 0.930; with floors kept 0.929 and 0.928 were drawn, and 0.928 by a "
        "fit on all rows",
    )
    max_iterations: int = Field(
        default=500, ge=1, description="steps of the solver for one value of κ; a few dozen are taken"
    )
    tolerance: float = Field(
        default=0.01,
        gt=0,
        description="settled when what a concept holds is this near its end, over the square root of it: far below "
        "what chance moves",
    )

    @property
    def asks_of_concepts(self) -> bool:
        """Whether names and types of concepts say anything."""
        return bool(self.target or self.target_by_type or self.caps.type)

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        total = sum(self.target_by_type.values())
        if self.target_by_type and abs(total - 1) > _SHARES_ADD_UP:
            raise ValueError(
                f"target_by_type adds up to {total:g}; its shares must make 1 ({OTHER_TYPES} is a name for the rest)"
            )
        return self


class TemperedSettings(Settings):
    """How ``tempered`` weighs a concept, and how far apart images may weigh."""

    alpha: float = Field(
        default=0.5,
        ge=0,
        le=2,
        description="weight of a concept is (its images)^-alpha; 0: uniform, 1: inverse_frequency; 0.5 halves the "
        "span of log counts",
    )
    count_floor: int = Field(
        default=10,
        ge=1,
        description="concepts on fewer images weigh as if on so many: so few are often retrieval's mistakes",
    )
    cap: float | None = Field(
        default=None,
        ge=1,
        description="most that an image may weigh, in weights of the commonest concept; null: no cap",
    )


class StrataSettings(Settings):
    """Groups of images, each with its own exact size. Weights are those of the whole corpus."""

    by: Literal["source", "lang"] = Field(..., description="what divides the corpus")
    sizes: dict[str, int] = Field(
        ..., min_length=1, description="images of each group; a group that is not named here gives none"
    )


class BalanceSettings(Settings):
    """How many images to choose, and what counts as balanced."""

    method: Method = Field(
        default="even",
        description="even: flattest, with a floor of images for each concept; raked: flattest without floors, one "
        "weight fitted per concept; inverse_frequency: the published rule of LLaVA-OneVision-1.5; metaclip: as "
        "MetaCLIP, of each concept at most t expected; tempered: inverse frequency to a power, with floor and cap; "
        "uniform: plain random, the baseline",
    )
    size: int = Field(..., ge=1, description="images in the balanced corpus, exactly (copies count)")
    min_similarity: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="concepts retrieved below this cosine do not count; 0: all K count, as in the published recipe",
    )
    alpha: float = Field(
        default=1.0,
        ge=0,
        le=2,
        description="inverse_frequency: weight of a concept is (its images)^-alpha; 1 as published",
    )
    metaclip_t: float | None = Field(
        default=None,
        gt=0,
        description="metaclip: images that a concept may keep; null: the t that keeps `size` images, as MetaCLIP",
    )
    metaclip_unmatched: bool = Field(
        default=True,
        description="metaclip: whether an image without a concept may be chosen, as often as one of the commonest; "
        "false: not, as MetaCLIP, as long as there are others",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    raking: RakingSettings = Field(default_factory=RakingSettings, description="the fit of raked")
    even: EvenSettings = Field(default_factory=EvenSettings, description="aim, guarantees and fit of even")
    tempered: TemperedSettings = Field(
        default_factory=TemperedSettings,
        description="power, floor and cap of tempered",
        json_schema_extra=FINGERPRINTED_IF_SET,
    )
    max_sample_rows: int = Field(
        default=1_000_000,
        ge=1,
        description="images, keyed at random, that even, raked and metaclip are fitted on: a million of 10 concepts "
        "take 40 MB, and give 500,000 concepts 20 images each",
    )
    max_copies: int = Field(
        default=1, ge=1, le=100, description="times one image may stand in the corpus; above 1 rare images are repeated"
    )
    strata: StrataSettings | None = Field(
        default=None, description="sizes by source or language; null: one size for all"
    )
    seed: int = Field(default=0, ge=0, description="another seed gives another selection of the same balance")

    @model_validator(mode="after")
    def _sizes_add_up(self) -> Self:
        if self.strata is not None:
            if min(self.strata.sizes.values()) < 0:
                raise ValueError("strata.sizes must not be negative")
            total = sum(self.strata.sizes.values())
            if total != self.size:
                raise ValueError(f"strata.sizes add up to {total}, but size is {self.size}; make them equal")
            if self.even.caps.source if self.strata.by == "source" else self.even.caps.lang:
                raise ValueError(
                    f"strata.sizes give each {self.strata.by} its size, so even.caps.{self.strata.by} must be empty"
                )
        return self

    def check_size(self, most: Mapping[str, int | None]) -> None:
        """Raises ConfigError where more is asked for than ``most``, the samples of each source, can give.

        None: not known. Rejects and duplicates come off ``most`` later, and are looked at again then.
        """
        if None not in most.values():
            self._require("balance.size", self.size, sum(filter(None, most.values())))
        if self.strata is not None and self.strata.by == "source":
            for name, size in self.strata.sizes.items():
                if (known := most.get(name, 0)) is not None:
                    self._require(f"balance.strata.sizes.{name}", size, known)

    def _require(self, key: str, size: int, most: int) -> None:
        if size > most * self.max_copies:
            raise ConfigError(
                f"{key} is {size}, but the input cannot hold more than {most} samples, by the size of its files"
                + (f", of which each may be taken {self.max_copies} times" if self.max_copies > 1 else "")
                + ". Lower it, or add input."
            )
