"""What the miniature corpus holds. Every field decides bytes of the output."""

from __future__ import annotations

from pydantic import Field, model_validator

from transforms.configuration import Settings


class FaultShares(Settings):
    """Share of the samples that carry each fault. What crawled shards show, so that every check has work to do."""

    truncated_image: float = Field(0.004, ge=0, le=1, description="JPEGs cut off part of the way")
    undecodable_image: float = Field(0.003, ge=0, le=1, description="an error page saved under the name of an image")
    empty_image: float = Field(0.002, ge=0, le=1, description="images of zero bytes")
    missing_image: float = Field(0.002, ge=0, le=1, description="samples without an image member")
    missing_caption: float = Field(0.004, ge=0, le=1, description="samples without a caption member")
    undecodable_caption: float = Field(0.003, ge=0, le=1, description="captions that are not UTF-8")
    exact_duplicate: float = Field(0.008, ge=0, le=1, description="the bytes of another image under a key of its own")
    near_duplicate: float = Field(0.010, ge=0, le=1, description="another image, resized a little and encoded again")


class MiniatureSettings(Settings):
    """The embedded corpus: how many images, and which."""

    images: int = Field(20_000, ge=1, description="samples in all, faulty ones included")
    images_per_shard: int = Field(500, ge=1, le=10_000, description="a key has four digits for the place in its shard")
    seed: int = Field(17, description="other seeds draw other images; the tiny encoder was trained on other seeds")
    chinese_share: float = Field(
        20 / 85, ge=0, le=1, description="samples captioned in Chinese: the full recipe has 20M of 85M"
    )
    faults: FaultShares = Field(
        default_factory=lambda: FaultShares.model_validate({}), description="planted faults, as shares of all samples"
    )

    @model_validator(mode="after")
    def _faults_leave_sound_images(self) -> MiniatureSettings:
        total = sum(self.faults.identity().values())
        if total > 0.5:
            raise ValueError(f"faults add up to {total:g}; leave at least half of the samples sound")
        return self

    @property
    def shards(self) -> int:
        return -(-self.images // self.images_per_shard)
