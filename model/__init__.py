"""The joined model and its trainer, under its documented names.

Importing it makes the model known to transformers' Auto classes.
"""

from model.architecture import registration as registration
from model.architecture.configuration import LlavaOnevision1_5Config, LlavaOnevision1_5TextConfig, RiceConfig
from model.architecture.modeling import (
    LlavaOnevision1_5ForConditionalGeneration,
    LlavaOnevision1_5Model,
    LlavaOnevision1_5PreTrainedModel,
    LlavaOnevisionModel1_5Model,
)
from model.architecture.processing import LlavaOnevision1_5Processor
from model.architecture.rice import RicePretrainedModel

__all__ = [
    "LlavaOnevision1_5Config",
    "LlavaOnevision1_5ForConditionalGeneration",
    "LlavaOnevision1_5Model",
    "LlavaOnevision1_5PreTrainedModel",
    "LlavaOnevision1_5Processor",
    "LlavaOnevision1_5TextConfig",
    "LlavaOnevisionModel1_5Model",
    "RiceConfig",
    "RicePretrainedModel",
]
