"""A split leaves something to train on."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from transforms.instruct.splitting.settings import SplitSettings


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing to train on"):
        SplitSettings(validation=0.5, test=0.5)
