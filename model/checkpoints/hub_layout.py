"""The layout of the released checkpoints: names of tensors, where each lies in memory, a config.json others can read.

On disk (and in every consumer of the release) the tower is ``visual.*``, the text model ``model.*``, and each expert of
a mixture has three matrices of its own. In memory the parts hang below ``model``, and transformers stacks the experts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from torch import nn

from model.architecture.configuration import LlavaOnevision1_5Config, is_moe

#: (in memory, on disk): prefixes of names. The head, lm_head, is the same in both.
PREFIXES = (("model.visual.", "visual."), ("model.language_model.", "model."))

#: The module that lies beside exported weights, for consumers without this package: model/checkpoints/remote_code.py.
REMOTE_CODE = "modeling_llavaonevision1_5"

_STACKED = re.compile(r"(.*\.mlp\.experts\.)(gate_up_proj|down_proj)")


@dataclass(frozen=True)
class HubTensor:
    """A tensor on disk: its ``shape``, and the place in memory that it fills.

    ``origin`` is the first index it fills in the parameter, whose leading dimension counts experts where it has one
    more.
    """

    parameter: str
    origin: tuple[int, ...]
    shape: tuple[int, ...]


def hub_name(name: str) -> str:
    """The name on disk of a tensor named in either layout."""
    for in_memory, on_disk in PREFIXES:
        if name.startswith(in_memory):
            return on_disk + name.removeprefix(in_memory)
    return name


def hub_tensors(model: nn.Module) -> dict[str, HubTensor]:
    """Every tensor that the model's checkpoint holds on disk, by name. A tied head is not among them."""
    tensors: dict[str, HubTensor] = {}
    for name, parameter in model.named_parameters():
        shape, on_disk = tuple(parameter.shape), hub_name(name)
        if not (stacked := _STACKED.fullmatch(on_disk)):
            tensors[on_disk] = HubTensor(name, (0,) * len(shape), shape)
            continue
        prefix, projections = stacked[1], stacked[2].removesuffix("_proj").split("_")
        experts, rows, columns = shape
        height = rows // len(projections)  # gate above up, in one matrix
        for expert in range(experts):
            for place, projection in enumerate(projections):
                key = f"{prefix}{expert}.{projection}_proj.weight"
                tensors[key] = HubTensor(name, (expert, place * height, 0), (height, columns))
    return tensors


def hub_config(config: LlavaOnevision1_5Config, dtype: str | None = None) -> dict[str, Any]:
    """config.json as our remote code and others' read it on transformers 4, and all of them on 5.

    transformers 5 moves ``rope_theta`` and ``torch_dtype`` to other keys, where transformers 4 would not look for them.
    """
    values = config.to_diff_dict()
    for section in (values, values["text_config"], values["vision_config"]):
        for key in ("_name_or_path", "architectures", "transformers_version"):
            section.pop(key, None)
        section["torch_dtype"] = dtype or str(section.pop("dtype", "float32")).removeprefix("torch.")
        section.pop("dtype", None)
    text = values["text_config"]
    rope = text.pop("rope_parameters")
    text["rope_theta"] = rope.pop("rope_theta")
    text["rope_scaling"] = None if rope.get("rope_type", "default") == "default" else rope
    if is_moe(config):
        text["num_experts"] = text.pop("num_local_experts", text.get("num_experts"))
    return {
        "architectures": ["LLaVAOneVision1_5_ForConditionalGeneration"],
        "auto_map": {
            "AutoConfig": f"{REMOTE_CODE}.LlavaOnevision1_5Config",
            "AutoModelForCausalLM": f"{REMOTE_CODE}.LLaVAOneVision1_5_ForConditionalGeneration",
            "AutoModelForImageTextToText": f"{REMOTE_CODE}.LLaVAOneVision1_5_ForConditionalGeneration",
        },
        "transformers_version": "4.53.1",  # the first that reads it
        **{key: _in_order(value) for key, value in sorted(values.items())},
    }


def _in_order(value: Any) -> Any:
    """A section with its keys sorted, so that equal configurations are equal files."""
    return dict(sorted(value.items())) if isinstance(value, dict) else value
