"""The section's faults are found when it is read."""

from __future__ import annotations

import pytest

from transforms.configuration import validate
from transforms.errors import ConfigError
from transforms.packing.documents.image_tokens import IMAGE_LIMITS, VIDEO_LIMITS
from transforms.packing.settings import PackSettings


def test_defaults_are_the_published_recipe() -> None:
    settings = PackSettings(tokenizer="t")
    assert (settings.pack_tokens, settings.image_limits, settings.video_limits) == (8192, IMAGE_LIMITS, VIDEO_LIMITS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "tokenizer: Field required"),
        ({"tokenizer": "t", "pack_tokens": 3}, "pack_tokens: .*greater than or equal to 16"),
        ({"tokenizer": "t", "over_long": "drop"}, "over_long: .*'reject' or 'split_at_turns'"),
        ({"tokenizer": "t", "image_min_pixels": 10**7}, "image_min_pixels .* is above image_max_pixels"),
        ({"tokenizer": "t", "tokens": 1}, "tokens: unknown key"),
    ],
)
def test_faults(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        validate(values, PackSettings, "pack.yaml")


def test_batching_does_not_change_the_identity() -> None:
    assert PackSettings(tokenizer="t").identity() == PackSettings(tokenizer="t", tokenize_batch=7).identity()
