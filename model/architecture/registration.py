"""Make the model known to transformers: after ``import model``, its Auto classes load these checkpoints as their own.

``AutoModelForImageTextToText.from_pretrained(folder)``, ``AutoModel`` and ``AutoProcessor`` need no remote code.
"""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor
from transformers.conversion_mapping import register_checkpoint_conversion_mapping
from transformers.core_model_loading import WeightRenaming

from model.architecture.attention import register_attention
from model.architecture.configuration import LlavaOnevision1_5Config, RiceConfig
from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration, LlavaOnevision1_5Model
from model.architecture.processing import LlavaOnevision1_5Processor
from model.architecture.rice import RicePretrainedModel


def register() -> None:
    """Register attention, configurations, models, processor, and the hub layout of weight names. May be repeated."""
    register_attention()
    AutoConfig.register(RiceConfig.model_type, RiceConfig, exist_ok=True)
    AutoConfig.register(LlavaOnevision1_5Config.model_type, LlavaOnevision1_5Config, exist_ok=True)
    AutoModel.register(RiceConfig, RicePretrainedModel, exist_ok=True)
    AutoModel.register(LlavaOnevision1_5Config, LlavaOnevision1_5Model, exist_ok=True)
    for auto_class in (AutoModelForImageTextToText, AutoModelForCausalLM):  # the release is loaded by the second
        auto_class.register(LlavaOnevision1_5Config, LlavaOnevision1_5ForConditionalGeneration, exist_ok=True)
    AutoProcessor.register(LlavaOnevision1_5Config, LlavaOnevision1_5Processor, exist_ok=True)
    # The same two rules as Qwen2-VL's; model.checkpoints.hub_layout states them for our own reader and writer.
    renamings = [
        WeightRenaming(r"^visual", "model.visual"),
        WeightRenaming(r"^model(?!\.(language_model|visual))", "model.language_model"),
    ]
    # By the type, so that they hold for the model with and without head; a class's own would be looked for alone.
    register_checkpoint_conversion_mapping(LlavaOnevision1_5Config.model_type, renamings, overwrite=True)


register()
