"""The configuration of LLaVA-OneVision-1.5, under the names of the released config.json.

Three parts: ``vision_config`` (Rice ViT with its 2×2 merger), ``text_config`` (Qwen3, or Qwen3-MoE where it counts
experts), and the ids of the placeholder tokens. The defaults are those of the 4B release.
"""

# No postponed annotations here: transformers checks the fields of a configuration against the types themselves.
import dataclasses
from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import PreTrainedConfig, Qwen3Config, Qwen3MoeConfig

from model.errors import ModelConfigError
from transforms.configuration import read_yaml


@strict
class RiceConfig(PreTrainedConfig):
    """Rice ViT-L/14 (DeepGlint-AI/rice-vit-large-patch14-560) at native resolution, with the merger to the text width.

    ``temporal_patch_size`` is 1: every frame of a video is patched, and attended to, by itself.
    """

    model_type = "rice_vit"
    base_config_key = "vision_config"
    attribute_map: ClassVar[dict[str, str]] = {"num_attention_heads": "num_heads", "num_hidden_layers": "depth"}

    depth: int = 24
    embed_dim: int = 1024
    hidden_size: int = 1024
    hidden_act: str = "gelu"
    intermediate_size: int = 4096
    num_heads: int = 16
    in_channels: int = 3
    patch_size: int = 14
    spatial_merge_size: int = 2
    temporal_patch_size: int = 1
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    text_hidden_size: int = 2560

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_heads


@strict
class LlavaOnevision1_5TextConfig(Qwen3Config):  # noqa: N801 - the name of the release
    """Qwen3, unchanged; the defaults are Qwen3-4B-Instruct-2507 with a head of its own."""

    model_type = "LLaVAOneVision1_5_text"
    base_config_key = "text_config"
    default_theta = 5_000_000.0

    hidden_size: int = 2560
    intermediate_size: int = 9728
    num_hidden_layers: int = 36
    num_attention_heads: int = 32
    num_key_value_heads: int | None = 8
    max_position_embeddings: int = 262144
    max_window_layers: int = 36


@strict
class LlavaOnevision1_5Config(PreTrainedConfig):  # noqa: N801
    """The joined model. The vocabulary is the text part's: released files carry another number on top, which is unused.

    ``tie_word_embeddings`` may stand on top or in ``text_config``, as files of both kinds exist.
    """

    model_type = "llavaonevision1_5"
    sub_configs_defaults: ClassVar[dict[str, Any]] = {
        "vision_config": RiceConfig,
        "text_config": LlavaOnevision1_5TextConfig,
    }
    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values"]

    vision_config: Any = None
    text_config: Any = None
    image_token_id: int = 151655
    video_token_id: int = 151656
    vision_start_token_id: int = 151652
    vision_end_token_id: int = 151653
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        if isinstance(self.text_config, dict) and _counts_experts(self.text_config):
            self.text_config = Qwen3MoeConfig(**_without(self.text_config, "model_type"))
        elif isinstance(self.text_config, dict):
            self.text_config = _without(self.text_config, "model_type")
        super().__post_init__(**_without(kwargs, "vocab_size"))
        self.vocab_size = self.text_config.vocab_size
        self.tie_word_embeddings = self.tie_word_embeddings or self.text_config.tie_word_embeddings
        self.text_config.tie_word_embeddings = self.tie_word_embeddings


def is_moe(config: LlavaOnevision1_5Config) -> bool:
    """Whether the text part routes its tokens to experts (30B-A3B)."""
    return isinstance(config.text_config, Qwen3MoeConfig)


def config_from_yaml(path: str) -> LlavaOnevision1_5Config:
    """Read a model's YAML (``configs/model``); a key that no part knows is an error naming it.

    Raises ConfigError for a file that is no YAML of settings, ModelConfigError for settings that are of no model.
    """
    values = read_yaml(path)
    text = values.get("text_config") or {}
    _refuse_unknown(path, "", values, LlavaOnevision1_5Config)
    _refuse_unknown(path, "vision_config.", values.get("vision_config") or {}, RiceConfig)
    _refuse_unknown(
        path, "text_config.", text, Qwen3MoeConfig if _counts_experts(text) else LlavaOnevision1_5TextConfig
    )
    return checked_config(path, values)


def checked_config(origin: str, values: dict[str, Any]) -> LlavaOnevision1_5Config:
    """The configuration with these values. Raises ModelConfigError, naming ``origin``, for one that cannot be."""
    try:
        return LlavaOnevision1_5Config(**values)
    except Exception as error:  # the library wraps what a field refuses in several kinds of its own
        raise ModelConfigError(f"{origin} describes no model: {error}") from error


def _refuse_unknown(path: str, section: str, values: dict[str, Any], schema: type) -> None:
    # Two keys that transformers reads although they are no fields: the older name of a field, and Qwen3-MoE's head_dim.
    known = {field.name for field in dataclasses.fields(schema)} | {"rope_theta", "head_dim"}
    if unknown := sorted(set(values) - known):
        raise ModelConfigError(f"{path}: unknown key(s) {', '.join(section + key for key in unknown)}; mend or remove")


def _counts_experts(text: dict[str, Any]) -> bool:
    return bool(text.get("num_experts") or text.get("num_local_experts"))


def _without(values: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != key}
