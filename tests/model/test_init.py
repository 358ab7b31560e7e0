"""``from model import …``: the names of the model's page."""

from __future__ import annotations

import model
from model import (
    LlavaOnevision1_5Config,
    LlavaOnevision1_5ForConditionalGeneration,
    LlavaOnevision1_5Model,
    LlavaOnevision1_5Processor,
    LlavaOnevisionModel1_5Model,
    RicePretrainedModel,
)


def test_documented_names() -> None:
    assert LlavaOnevision1_5ForConditionalGeneration.config_class is LlavaOnevision1_5Config
    assert LlavaOnevisionModel1_5Model is LlavaOnevision1_5Model
    assert RicePretrainedModel.config_class is model.RiceConfig
    assert LlavaOnevision1_5Processor.__name__ in model.__all__ and set(model.__all__) <= set(dir(model))
