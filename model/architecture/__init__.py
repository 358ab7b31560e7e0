"""The joined model: Rice ViT, merger and Qwen3, its configuration, processor and packed attention."""
